#include "host/base/index_types.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <type_traits>

namespace kindred::host {
namespace {

static_assert(!std::is_convertible<int64_t, SampleIndex>::value, "a place is not taken for a sample");
static_assert(!std::is_convertible<SampleIndex, int64_t>::value, "a sample is not taken for a place");

TEST(IndexTypes, keep_every_number) {
  for (const int64_t number : {int64_t{0}, int64_t{7}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(to_int(SampleIndex{number}), number);
  }
  EXPECT_LT(SampleIndex{2}, SampleIndex{10});
}

TEST(IndexTypes, list_all_samples_with_the_bytes_of_their_numbers) {
  EXPECT_TRUE(all_samples(0).empty());
  const auto samples = all_samples(3);
  const int64_t numbers[] = {0, 1, 2};
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(std::memcmp(samples.data(), numbers, sizeof(numbers)), 0);
}

}  // namespace
}  // namespace kindred::host
