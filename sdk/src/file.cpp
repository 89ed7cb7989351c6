#include "kindred/io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "kindred/error.hpp"

namespace kindred {
namespace {

[[noreturn]] void fail(const std::string& action, const std::string& path) {
  throw Error("cannot " + action + " " + path + ": " + std::strerror(errno));
}

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

}  // namespace

std::string read_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) fail("open", path);
  struct stat status {};
  if (::fstat(file.value, &status) != 0) fail("examine", path);
  if (S_ISDIR(status.st_mode)) throw Error("cannot read " + path + ": it is a folder");
  std::string bytes;
  if (status.st_size > 0) bytes.reserve(static_cast<size_t>(status.st_size));
  char chunk[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.value, chunk, sizeof(chunk));
    if (count == 0) return bytes;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);
    bytes.append(chunk, static_cast<size_t>(count));
  }
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  // The temporary file lies beside the target, so that the rename never crosses a file system.
  std::string temporary = path + ".XXXXXX";
  const Descriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (file.value < 0) fail("create a temporary file beside", path);
  try {
    const char* from = bytes.data();
    size_t left = bytes.size();
    while (left > 0) {
      const ssize_t count = ::write(file.value, from, left);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write", temporary);
      from += count;
      left -= static_cast<size_t>(count);
    }
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(file.value, 0666 & ~mask) != 0) fail("set the permissions of", temporary);
    if (::fsync(file.value) != 0) fail("sync", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("rename " + temporary + " to", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(std::filesystem::path(path).parent_path().string());
}

void sync_folder(const std::string& folder) {
  const Descriptor descriptor{
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (descriptor.value >= 0) ::fsync(descriptor.value);
}

}  // namespace kindred
