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

/// These are bytes of the lock file; a `size` of 0 means all from `begin` on.
struct Range {
  int64_t begin, size;
};
constexpr Range kWholeEntry{0, 1}, kAllShards{1, 0}, kEverything{0, 0};

Range range_of(int64_t shard) { return {1 + shard, 1}; }

/// fcntl(2) with `command` (F_OFD_...); `type` is F_RDLCK, F_WRLCK or F_UNLCK, and becomes what was answered.
bool lock_call(int file, int command, short& type, Range range) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(range.begin);
  lock.l_len = static_cast<off_t>(range.size);
  int result = 0;
  do result = ::fcntl(file, command, &lock);
  while (result != 0 && errno == EINTR);
  type = lock.l_type;
  return result == 0;
}

/// False where another holder keeps it. Throws Error where the file system refuses locks.
bool try_lock(int file, short type, Range range, const std::string& path) {
  if (lock_call(file, F_OFD_SETLK, type, range)) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw Error("cannot lock " + path + ": " + std::strerror(errno));
}

/// Says whether another holder keeps a byte of the range, shared or alone. Takes nothing.
bool is_locked(int file, Range range) {
  short type = F_WRLCK;
  return lock_call(file, F_OFD_GETLK, type, range) && type != F_UNLCK;
}

}  // namespace

ShardLock::~ShardLock() {
  short type = F_UNLCK;
  if (file_ >= 0) lock_call(file_, F_OFD_SETLK, type, range_of(shard_));
}

EntryLock EntryLock::share(const std::string& folder, const std::function<void()>& before_waiting) {
  const auto path = lock_path(folder);
  for (int i = 0; i < kTries; ++i) {
    fs::create_directories(folder);
    EntryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (lock.file_ < 0 && errno == ENOENT) continue;  // removed since it was made
    if (lock.file_ < 0) throw Error("cannot open " + path + ": " + std::strerror(errno));
    if (!try_lock(lock.file_, F_RDLCK, kWholeEntry, path)) {
      before_waiting();
      short type = F_RDLCK;
      if (!lock_call(lock.file_, F_OFD_SETLKW, type, kWholeEntry))
        throw Error("cannot lock " + path + ": " + std::strerror(errno));
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
  if (!try_lock(lock.file_, F_WRLCK, kEverything, path)) return std::nullopt;
  // Versions before 0.12 lock the file itself, and one of them may be filling its entry.
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw Error("cannot lock " + path + ": " + std::strerror(errno));
  }
  if (!is_file_at(lock.file_, path)) return std::nullopt;  // another process removes it
  return lock;
}

bool EntryLock::is_held(const std::string& folder) {
  const EntryLock lock(::open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC));
  if (lock.file_ < 0) return false;
  if (is_locked(lock.file_, kEverything)) return true;
  // A version before 0.12 may hold it.
  return ::flock(lock.file_, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

EntryLock::~EntryLock() {
  if (file_ >= 0) ::close(file_);
}

std::optional<ShardLock> EntryLock::try_take_shard(int64_t shard) const {
  if (!try_lock(file_, F_WRLCK, range_of(shard), "a shard of the cache")) return std::nullopt;
  return ShardLock(file_, shard);
}

bool EntryLock::others_fill() const { return is_locked(file_, kAllShards); }

}  // namespace kindred::host
