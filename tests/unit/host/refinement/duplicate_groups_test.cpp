#include "host/refinement/duplicate_groups.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"

namespace kindred::host {
namespace {
using Rows = std::vector<int64_t>;

TEST(NearPairs, are_all_that_comparing_each_pair_finds) {
  const auto rows = at::randn({1500, 4});
  rows[1400].copy_(rows[3]);
  for (const Distance distance : {Distance(Distance::cosine), Distance(Distance::euclidean),
                                  Distance(Distance::squared_euclidean), Distance(Distance::manhattan)}) {
    const double limit = 0.02;
    const auto matrix = distance_matrix(distance, rows.to(at::kDouble), rows.to(at::kDouble));
    const auto found = near_pairs(TensorRows(rows), distance, limit);
    int64_t expected = 0;
    for (int64_t a = 0; a < 1500; ++a) {
      const auto row = matrix[a].contiguous();
      for (int64_t b = a + 1; b < 1500; ++b) expected += row.data_ptr<double>()[b] <= limit;
    }
    ASSERT_EQ(static_cast<int64_t>(found.size()), expected);
    for (const auto& one : found) {
      EXPECT_LT(one.a, one.b);
      EXPECT_NEAR(one.distance, matrix[one.a][one.b].item<double>(), 1e-6);
    }
  }
}

TEST(NearPairs, equal_rows_are_found_at_the_limit_0) {
  const auto rows = at::randn({40, 64}) * 30;
  rows[20].copy_(rows[7]);
  for (const Distance distance : {Distance(Distance::euclidean), Distance(Distance::manhattan)}) {
    const auto found = near_pairs(TensorRows(rows), distance, 0);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].a, 7);
    EXPECT_EQ(found[0].b, 20);
  }
}

TEST(NearPairs, a_limit_or_a_distance_that_says_nothing_is_refused) {
  const auto rows = at::randn({5, 3});
  EXPECT_THROW(near_pairs(TensorRows(rows), Distance::cosine, -0.1), Error);
  EXPECT_THROW(near_pairs(TensorRows(rows), Distance::cosine, NAN), Error);
  EXPECT_THROW(near_pairs(TensorRows(rows), Distance::dot, 0.1), Error);
  EXPECT_TRUE(near_pairs(TensorRows(at::empty({0, 3})), Distance::cosine, 0.1).empty());
}

TEST(DuplicateGroups, hang_together_by_their_pairs_exact_ones_first_then_the_nearest) {
  const auto groups = duplicate_groups({{4, 9, 0.2F, false},
                                        {1, 2, 0.1F, false},
                                        {2, 8, 0.3F, false},
                                        {5, 6, 0, true},
                                        {10, 11, 0.05F, false}});
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups[0].rows, (Rows{5, 6}));
  EXPECT_TRUE(groups[0].is_exact);
  EXPECT_EQ(groups[1].rows, (Rows{10, 11}));
  EXPECT_EQ(groups[2].rows, (Rows{1, 2, 8}));
  EXPECT_FALSE(groups[2].is_exact);
  EXPECT_FLOAT_EQ(groups[2].nearest, 0.1F);
  EXPECT_FLOAT_EQ(groups[2].farthest, 0.3F);
  EXPECT_EQ(groups[3].rows, (Rows{4, 9}));
  EXPECT_TRUE(duplicate_groups({}).empty());
}

TEST(DuplicateGroups, equal_content_makes_a_group_exact_also_where_its_pairs_are_near_too) {
  auto pairs = exact_pairs({"a", "b", "a", "", "a", "", "b"});
  ASSERT_EQ(pairs.size(), 3U);
  pairs.push_back({2, 4, 0, false});  // near, between two that are equal to the first
  pairs.push_back({0, 2, 0, false});
  pairs.push_back({3, 6, 0.1F, false});  // brings one that is only near
  const auto groups = duplicate_groups(pairs);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].rows, (Rows{0, 2, 4}));
  EXPECT_TRUE(groups[0].is_exact);
  EXPECT_TRUE(groups[0].pairs[0].is_exact) << "of two entries for one pair the exact one stays";
  EXPECT_EQ(groups[0].pairs.size(), 3U);
  EXPECT_EQ(groups[1].rows, (Rows{1, 3, 6}));
  EXPECT_FALSE(groups[1].is_exact);
}

TEST(DuplicateGroups, a_long_chain_is_one_group) {
  std::vector<DuplicatePair> chain;
  for (int64_t i = 0; i + 1 < 20000; ++i) chain.push_back({i, i + 1, 0.1F, false});
  const auto groups = duplicate_groups(chain);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].rows.size(), 20000U);
}

}  // namespace
}  // namespace kindred::host
