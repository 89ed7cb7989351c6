#include "host/base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kindred/error.hpp"

namespace kindred::host {

std::optional<FileLock> FileLock::try_take(const std::string& path) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.file_ < 0) throw Error("cannot open " + path + ": " + std::strerror(errno));
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return std::nullopt;
  return lock;
}

bool FileLock::is_held(const std::string& path) {
  const FileLock file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.file_ >= 0 && ::flock(file.file_, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace kindred::host
