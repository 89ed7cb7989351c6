#include "host/base/large_blocks.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace kindred::host {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

/// An eighth more at most, so that sizes that differ a little share blocks.
size_t rounded_up(size_t bytes) {
  size_t power = LargeBlocks::kAlignment;
  while (power * 16 <= bytes) power *= 2;
  return (bytes + power - 1) / power * power;
}

/// The system backs aligned blocks by pages of 2 MiB where it may, which cost fewer faults.
void* map(size_t bytes) {
  const size_t extra = bytes >= kHugePage ? kHugePage : 0;
  void* const found =
      ::mmap(nullptr, bytes + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED) return nullptr;
  if (extra == 0) return found;
  auto* const begin = static_cast<char*>(found);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(begin) % kHugePage) % kHugePage;
  if (before > 0) ::munmap(begin, before);
  if (before < extra) ::munmap(begin + before + bytes, extra - before);
  ::madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

LargeBlocks::~LargeBlocks() {
  while (!kept_.empty()) release_oldest();
}

void LargeBlocks::release_oldest() {
  ::munmap(kept_.back().start, kept_.back().bytes);
  kept_bytes_ -= kept_.back().bytes;
  kept_.pop_back();
}

void* LargeBlocks::mapped(size_t bytes) {
  const size_t most = std::max(most_taken_, taken_bytes_ + bytes);
  while (!kept_.empty() && taken_bytes_ + kept_bytes_ + bytes > most + most / 4 + kSpare) release_oldest();
  void* block = map(bytes);
  while (block == nullptr && !kept_.empty()) {
    release_oldest();
    block = map(bytes);
  }
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void* LargeBlocks::take(size_t bytes) {
  const std::lock_guard<std::mutex> one(mutex_);
  ++count_;
  while (!kept_.empty() && count_ - kept_.back().since > kPatience) release_oldest();
  size_t size = rounded_up(bytes);
  auto best = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    const bool fits = it->bytes >= size && it->bytes <= size + size / 2;
    if (fits && (best == kept_.end() || it->bytes < best->bytes)) best = it;
  }
  void* block = nullptr;
  if (best == kept_.end()) {
    block = mapped(size);
  } else {
    block = best->start, size = best->bytes;
    kept_bytes_ -= size;
    kept_.erase(best);
  }
  taken_[block] = size;
  taken_bytes_ += size;
  most_taken_ = std::max(most_taken_, taken_bytes_);
  return block;
}

bool LargeBlocks::give(void* block) {
  const std::lock_guard<std::mutex> one(mutex_);
  const auto known = taken_.find(block);
  if (known == taken_.end()) return false;
  kept_.push_front({block, known->second, count_});
  kept_bytes_ += known->second;
  taken_bytes_ -= known->second;
  taken_.erase(known);
  return true;
}

size_t LargeBlocks::taken() const {
  const std::lock_guard<std::mutex> one(mutex_);
  return taken_bytes_;
}

size_t LargeBlocks::kept() const {
  const std::lock_guard<std::mutex> one(mutex_);
  return kept_bytes_;
}

}  // namespace kindred::host
