#include "host/cache/entry_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/cache/entry_files.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr int kTries = 100;  // an entry that is removed that often while it is locked is no accident

std::string lock_path(const std::string& folder) { return (fs::path(folder) / kLockFile).string(); }

/// A removed entry takes its lock file along: who waited for that one holds a lock that nobody else sees.
bool is_file_at(int file, const std::string& path) {
  struct stat held {
  }, there{};
  return ::fstat(file, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

}  // namespace

EntryLock EntryLock::wait_for(const std::string& folder, const std::function<void()>& before_waiting) {
  const auto path = lock_path(folder);
  for (int i = 0; i < kTries; ++i) {
    fs::create_directories(folder);
    EntryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (lock.file_ < 0 && errno == ENOENT) continue;  // removed since it was made
    if (lock.file_ < 0) throw Error("cannot open " + path + ": " + std::strerror(errno));
    if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
      before_waiting();
      if (::flock(lock.file_, LOCK_EX) != 0) throw Error("cannot lock " + path + ": " + std::strerror(errno));
    }
    if (!is_file_at(lock.file_, path)) continue;
    // Times of reading are not kept by most file systems, so that of changing this file is set instead. It
    // decides nothing but an age that is shown, so a file system that refuses is no failure.
    (void)::futimens(lock.file_, nullptr);
    return lock;
  }
  throw Error("cannot lock " + path + ": its folder keeps vanishing; does something remove it all the time?");
}

std::optional<EntryLock> EntryLock::try_take(const std::string& folder) {
  const auto path = lock_path(folder);
  EntryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.file_ < 0) throw Error("cannot open " + path + ": " + std::strerror(errno));
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw Error("cannot lock " + path + ": " + std::strerror(errno));
  }
  if (!is_file_at(lock.file_, path)) return std::nullopt;  // another process removes it
  return lock;
}

bool EntryLock::is_held(const std::string& folder) {
  const EntryLock lock(::open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC));
  return lock.file_ >= 0 && ::flock(lock.file_, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

EntryLock::~EntryLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace kindred::host
