#include "host/base/large_blocks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace kindred::host {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST(LargeBlocks, are_used_again_for_the_same_and_for_slightly_smaller_sizes) {
  LargeBlocks blocks;
  void* const first = blocks.take(10 * kMiB);
  std::memset(first, 1, 10 * kMiB);
  blocks.give(first);
  EXPECT_EQ(blocks.taken(), 0U);
  EXPECT_GE(blocks.kept(), 10 * kMiB);
  EXPECT_EQ(blocks.take(10 * kMiB), first);
  EXPECT_EQ(blocks.kept(), 0U);
  blocks.give(first);
  EXPECT_EQ(blocks.take(9 * kMiB), first);
  blocks.give(first);
  void* const much_smaller = blocks.take(2 * kMiB);
  EXPECT_NE(much_smaller, first) << "a block of 10 MiB is not spent on 2";
  blocks.give(much_smaller);
}

TEST(LargeBlocks, of_two_that_fit_the_smaller_is_taken) {
  LargeBlocks blocks;
  void* const large = blocks.take(12 * kMiB);
  void* const small = blocks.take(10 * kMiB);
  blocks.give(small);
  blocks.give(large);
  EXPECT_EQ(blocks.take(10 * kMiB), small);
  blocks.give(small);
}

TEST(LargeBlocks, are_wholly_writable_and_do_not_overlap) {
  LargeBlocks blocks;
  const std::vector<size_t> sizes = {1, 4095, kMiB + 1, 2 * kMiB, 3 * kMiB - 7, 17 * kMiB + 5};
  std::vector<unsigned char*> taken;
  for (size_t i = 0; i < sizes.size(); ++i) {
    taken.push_back(static_cast<unsigned char*>(blocks.take(sizes[i])));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(taken[i]) % 4096, 0U);
    std::memset(taken[i], static_cast<int>(i + 1), sizes[i]);
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(taken[i][0], i + 1);
    EXPECT_EQ(taken[i][sizes[i] - 1], i + 1);
    blocks.give(taken[i]);
  }
}

TEST(LargeBlocks, of_ever_new_sizes_do_not_pile_up) {
  LargeBlocks blocks;
  size_t most = 0;
  for (size_t i = 1; i < 200; ++i) {
    const size_t size = i * 7 % 100 * kMiB + kMiB;
    void* const block = blocks.take(size);
    most = std::max(most, blocks.taken());
    EXPECT_LE(blocks.taken() + blocks.kept(), most + most / 4 + LargeBlocks::kSpare);
    blocks.give(block);
  }
}

TEST(LargeBlocks, that_nobody_takes_any_more_go_back_to_the_system) {
  LargeBlocks blocks;
  blocks.give(blocks.take(40 * kMiB));
  for (uint64_t i = 0; i <= LargeBlocks::kPatience; ++i) {
    EXPECT_GE(blocks.kept(), 40 * kMiB) << i;
    blocks.give(blocks.take(2 * kMiB));
  }
  EXPECT_LT(blocks.kept(), 4 * kMiB);
}

TEST(LargeBlocks, may_be_taken_and_given_by_several_threads) {
  LargeBlocks blocks;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&blocks, thread] {
      for (size_t i = 0; i < 200; ++i) {
        const size_t size = (i % 5 + 1) * kMiB;
        auto* const block = static_cast<unsigned char*>(blocks.take(size));
        block[0] = block[size - 1] = static_cast<unsigned char>(thread);
        EXPECT_EQ(block[0], thread);
        EXPECT_EQ(block[size - 1], thread);
        blocks.give(block);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(blocks.taken(), 0U);
}

TEST(LargeBlocks, of_others_are_not_taken_back) {
  LargeBlocks blocks;
  int other = 0;
  EXPECT_FALSE(blocks.give(&other));
  void* const own = blocks.take(kMiB);
  EXPECT_TRUE(blocks.give(own));
  EXPECT_FALSE(blocks.give(own)) << "twice";
}

TEST(LargeBlocks, that_the_system_does_not_have_are_refused) {
  LargeBlocks blocks;
  EXPECT_THROW(blocks.take(size_t{1} << 60), std::bad_alloc);
  EXPECT_EQ(blocks.taken(), 0U);
}

}  // namespace
}  // namespace kindred::host
