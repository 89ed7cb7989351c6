#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kindred::host {

/// The lock on one shard of an entry, held by whoever fills it. It goes with the object, and with the
/// process, however that ends. The EntryLock that gave it must outlive it.
class ShardLock {
 public:
  ShardLock(ShardLock&& other) noexcept : file_(other.file_), shard_(other.shard_) { other.file_ = -1; }
  ShardLock& operator=(ShardLock&&) = delete;
  ~ShardLock();

 private:
  friend class EntryLock;
  ShardLock(int file, int64_t shard) : file_(file), shard_(shard) {}
  int file_;
  int64_t shard_;
};

/// The lock on a cache entry: any number of processes share it while they fill or open the entry, and one
/// that removes the entry has it alone. It goes with the object, and with the process, however that ends. An
/// array that was opened stays readable without it.
///
/// All locks of an entry are on ranges of one file (open file description locks, fcntl(2)): byte 0 stands for
/// the entry, the others for its shards. Two objects of one process exclude each other like two processes.
class EntryLock {
 public:
  /// Makes the folder of the entry if needed; where another process removes the entry, calls
  /// `before_waiting` and waits. Notes that the entry is used now. Throws Error.
  static EntryLock share(const std::string& folder, const std::function<void()>& before_waiting);
  /// The whole entry for its removal; nothing where another process holds it. Throws Error, also when the
  /// folder is gone.
  static std::optional<EntryLock> try_take(const std::string& folder);
  /// Says whether a process holds it now, alone or shared.
  static bool is_held(const std::string& folder);

  EntryLock(EntryLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  EntryLock& operator=(EntryLock&&) = delete;
  ~EntryLock();

  /// Nothing where another holder of the entry has that shard. One that this object gave already would be
  /// given again.
  std::optional<ShardLock> try_take_shard(int64_t shard) const;
  /// Says whether another holder of the entry has one of its shards now.
  bool others_fill() const;

 private:
  explicit EntryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kindred::host
