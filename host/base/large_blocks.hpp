#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

namespace kindred::host {

/// Memory in large blocks, which are kept when they are given back, for whoever takes blocks of the same
/// sizes again and again, as a network does for its maps. From the heap they would come with page faults each
/// time, or, kept there, be torn by small blocks that come to lie between them, so that the heap grows and
/// grows. [thread-safe]
class LargeBlocks {
 public:
  LargeBlocks() = default;
  ~LargeBlocks();  ///< all blocks were given back
  LargeBlocks(const LargeBlocks&) = delete;
  LargeBlocks& operator=(const LargeBlocks&) = delete;

  /// At least `bytes`, aligned to kAlignment, with any content. Throws std::bad_alloc.
  void* take(size_t bytes);
  /// False where `block` was not taken here.
  bool give(void* block);

  /// What is taken and what is kept, in bytes. What was not taken again after kPatience other blocks goes
  /// back to the system, and all of it is never more than a quarter above the most that was taken at once,
  /// and kSpare.
  size_t taken() const;
  size_t kept() const;

  static constexpr size_t kAlignment = 4096;  ///< a page
  static constexpr uint64_t kPatience = 1024;
  static constexpr size_t kSpare = size_t{64} << 20;

 private:
  struct Block {
    void* start;
    size_t bytes;
    uint64_t since;  ///< how many had been taken when it was given back
  };
  void* mapped(size_t bytes);
  void release_oldest();

  mutable std::mutex mutex_;
  std::list<Block> kept_;  ///< the last that was given back comes first
  std::unordered_map<void*, size_t> taken_;
  uint64_t count_ = 0;  ///< that were taken so far
  size_t kept_bytes_ = 0, taken_bytes_ = 0, most_taken_ = 0;
};

}  // namespace kindred::host
