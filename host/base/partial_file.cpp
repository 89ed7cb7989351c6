#include "host/base/partial_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {

void sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_synced = file >= 0 && ::fsync(file) == 0;
  const int reason = errno;
  if (file >= 0) ::close(file);
  if (!is_synced) throw Error("cannot write " + path + ": " + std::strerror(reason));
}

void write_at(int file, std::string_view bytes, int64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(file, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Error("cannot write " + path + ": " + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
}

PartialFile::PartialFile(const std::string& path)
    : target_(path),
      path_(path + ".partial"),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (file_ < 0) fail();
}

PartialFile::~PartialFile() {
  if (file_ >= 0) ::close(file_);
  if (!is_named_) ::unlink(path_.c_str());
}

void PartialFile::write(std::string_view bytes) {
  hash_.add(bytes);
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail();
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

std::string PartialFile::finish() {
  if (::fsync(file_) != 0) fail();
  if (::rename(path_.c_str(), target_.c_str()) != 0) fail();
  is_named_ = true;
  sync_folder(std::filesystem::path(target_).parent_path().string());
  return hash_.hex();
}

void PartialFile::fail() const { throw Error("cannot write " + path_ + ": " + std::strerror(errno)); }

}  // namespace kindred::host
