#include "host/cache/new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include "host/cache/entry_files.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw Error("cannot write " + path + ": " + std::strerror(errno));
}

/// A name beside `path` of the form that write_file_atomically uses, so that what a killed process leaves of
/// it is known by its name.
std::string name_beside(const std::string& path) {
  static const std::string characters = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  auto name = path + ".0";
  while (name.size() < path.size() + kTemporaryEnd) name += characters[random() % characters.size()];
  return name;
}

/// False where there is such a file.
bool create(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) return false;
  if (file < 0) fail(path);
  bool good = true;
  while (good && !bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) bytes.remove_prefix(static_cast<size_t>(written));
  }
  good = good && ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  if (good) return true;
  ::unlink(path.c_str());
  errno = reason;
  fail(path);
}

}  // namespace

bool link_file(const std::string& from, const std::string& to, bool& taken) {
  taken = false;
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  const int reason = errno;
  // Over a network the answer to a link that was made may be lost, and asked again it is there already.
  struct stat status {
  }, there{};
  if (::stat(from.c_str(), &status) == 0 && ::stat(to.c_str(), &there) == 0) {
    if (status.st_ino == there.st_ino && status.st_dev == there.st_dev) return true;
  }
  taken = reason == EEXIST;
  if (taken || reason == EPERM || reason == ENOSYS || reason == ENOTSUP || reason == EOPNOTSUPP ||
      reason == EMLINK || reason == EACCES)
    return false;
  errno = reason;
  fail(to);
}

bool write_new_file(const std::string& path, std::string_view bytes) {
  std::string temporary;
  do temporary = name_beside(path);
  while (!create(temporary, bytes));
  bool taken = false, made = false;
  try {
    made = link_file(temporary, path, taken);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  ::unlink(temporary.c_str());
  if (!made && !taken) made = create(path, bytes);  // the file system knows no second names
  if (made) sync_folder(std::filesystem::path(path).parent_path().string());
  return made;
}

}  // namespace kindred::host
