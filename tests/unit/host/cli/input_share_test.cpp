#include "host/cli/embed/input_share.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "host/cli/embed/shard_record.hpp"

namespace kindred::host {
namespace {

std::vector<int64_t> weights_of(int count) {
  std::vector<int64_t> weights;
  for (int64_t i = 0; i < count; ++i) weights.push_back(1 + i * i * 7919 % 1000);
  return weights;
}

TEST(PiecesOfShard, EachPieceIsOneShardsAndShardsWeighAboutTheSame) {
  for (const int pieces : {0, 1, 5, 40, 1000}) {
    const auto weights = weights_of(pieces);
    const auto sum = std::accumulate(weights.begin(), weights.end(), int64_t{0});
    for (const int64_t count : {1, 2, 3, 7, 64}) {
      size_t next = 0;
      for (int64_t i = 0; i < count; ++i) {
        const auto [first, end] = pieces_of_shard(weights, {i, count});
        ASSERT_EQ(first, next) << pieces << " pieces, shard " << i << " of " << count;
        ASSERT_LE(first, end);
        const auto begin = weights.begin();
        const auto mine = std::accumulate(begin + static_cast<std::ptrdiff_t>(first),
                                          begin + static_cast<std::ptrdiff_t>(end), int64_t{0});
        EXPECT_LE(mine, sum / count + 1001) << "at most the half of a piece too much at either end";
        next = end;
      }
      EXPECT_EQ(next, weights.size());
    }
  }
}

TEST(PiecesOfShard, TakesWeightsWhoseProductsWithACountDoNotFit) {
  const std::vector<int64_t> weights(4, int64_t{1} << 60);
  size_t next = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto [first, end] = pieces_of_shard(weights, {i, 1000});
    ASSERT_EQ(first, next);
    ASSERT_LE(end, first + 1);
    next = end;
  }
  EXPECT_EQ(next, 4U);
}

TEST(InputCut, CutsWhereBatchesEndAndByBytes) {
  InputCut cut(4);
  for (int i = 0; i < 50; ++i) cut.add(i < 8 ? 1'000'000 : 10);
  const auto first = cut.share_of({0, 2}, "names"), second = cut.share_of({1, 2}, "names");
  EXPECT_EQ(first.first, 0);
  EXPECT_EQ(first.end, 4) << "four of the eight that are large";
  EXPECT_EQ(second.first, 4);
  EXPECT_EQ(second.end, 50) << "the last batch is not full";
  EXPECT_EQ(second.all, 50);
  EXPECT_EQ(first.whole, second.whole);
  EXPECT_NE(first.whole, InputCut(8).share_of({0, 2}, "names").whole) << "other batches give other rows";
}

TEST(InputCut, CountsInputsThatAreNoFiles) {
  InputCut cut(1);
  for (int i = 0; i < 12; ++i) cut.add(0);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(cut.share_of({i, 4}, "").size(), 3);
}

TEST(NameOfShard, StandsBeforeTheEndingOfAnArrayAndBehindAFolder) {
  EXPECT_EQ(name_of_shard("out/cars.npy", {0, 4}), "out/cars-00001-of-00004.npy");
  EXPECT_EQ(name_of_shard("cars.v2.npy", {123455, 200000}), "cars.v2-123456-of-200000.npy");
  EXPECT_EQ(name_of_shard("cars.index", {3, 4}), "cars.index-00004-of-00004");
  EXPECT_EQ(name_of_shard("cars.index/", {3, 4}), "cars.index-00004-of-00004");
}

TEST(NameOfShard, IsReadBack) {
  for (const ShardChoice& shard : {ShardChoice{0, 1}, ShardChoice{3, 4}, ShardChoice{123455, 200000}}) {
    const auto found = shard_in_name(name_of_shard("a/b-00001-of-00002.npy", shard));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->index, shard.index);
    EXPECT_EQ(found->count, shard.count);
  }
  for (const auto* name :
       {"cars.npy", "cars-of-00004.npy", "cars-1-of-4.npy", "cars-00000-of-00004.npy",
        "cars-00005-of-00004.npy", "cars-0000a-of-00004.npy", "cars-00001-of-99999999999999999999999.npy"})
    EXPECT_FALSE(shard_in_name(name)) << name;
}

}  // namespace
}  // namespace kindred::host
