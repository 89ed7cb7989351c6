#include "kindred/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace kindred {
namespace {

TEST(Random, splitmix64_gives_its_published_values) {
  // First outputs of the generator seeded with 0 and 1234567 (state advanced by the golden gamma each time).
  EXPECT_EQ(splitmix64(0), 0xE220A8397B1DCDAFull);
  EXPECT_EQ(splitmix64(0x9E3779B97F4A7C15ull), 0x6E789E6AA1B965F4ull);
  EXPECT_EQ(splitmix64(1234567), 6457827717110365317ull);
}

TEST(Random, streams_repeat_and_differ_by_every_key) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (int64_t epoch = 0; epoch < 10; ++epoch) {
      for (int64_t sample = 0; sample < 10; ++sample) {
        EXPECT_EQ(Random(seed, epoch, sample).next(), Random(seed, epoch, sample).next());
        first.insert(Random(seed, epoch, sample).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 1000u);
}

TEST(Random, numbers_stay_in_range_and_fill_it) {
  Random random(3);
  double sum = 0;
  std::set<int64_t> seen;
  for (int i = 0; i < 10000; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    const auto n = random.below(7);
    ASSERT_GE(n, 0);
    ASSERT_LT(n, 7);
    seen.insert(n);
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
  EXPECT_EQ(seen.size(), 7u);
}

TEST(Random, shuffle_is_a_permutation) {
  std::vector<int> values(100);
  for (int i = 0; i < 100; ++i) values[static_cast<size_t>(i)] = i;
  const auto before = values;
  Random(5).shuffle(values.begin(), values.end());
  EXPECT_NE(values, before);
  EXPECT_TRUE(std::is_permutation(values.begin(), values.end(), before.begin()));
}

}  // namespace
}  // namespace kindred
