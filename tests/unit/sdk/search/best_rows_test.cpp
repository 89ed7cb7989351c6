#include "kindred/search/best_rows.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace kindred {
namespace {

TEST(BestRows, keeps_the_largest_scores_and_of_equal_ones_the_smaller_rows) {
  BestRows best(3);
  for (const int64_t row : {9, 2, 7, 4, 1}) best.offer(1, row);
  best.offer(2, 8);
  best.offer(0, 0);
  EXPECT_EQ(best.taken(), (std::vector<int64_t>{8, 1, 2}));
  EXPECT_TRUE(best.taken().empty());
}

TEST(BestRows, never_keeps_a_score_that_orders_nothing) {
  BestRows best(3);
  best.offer(std::nanf(""), 0);
  best.offer(-std::numeric_limits<float>::infinity(), 1);
  best.offer(std::numeric_limits<float>::lowest(), 2);
  EXPECT_EQ(best.taken(), (std::vector<int64_t>{2}));
}

/// Small whole numbers, so that many scores of a row are equal.
class BestRowsOfTile : public ::testing::TestWithParam<int64_t> {};

TEST_P(BestRowsOfTile, are_those_of_sorting_by_scan_and_by_topk) {
  const int64_t k = GetParam(), queries = 12, rows = 40, first_row = 100;
  at::manual_seed(8);
  auto scores = at::randint(6, {queries, rows}, at::kFloat);
  const auto candidates = at::randint(3, {first_row + rows}, at::kLong).gt(0);
  const auto excluded = at::randint(first_row - 5, first_row + rows, {queries + 3}, at::kLong);
  RowFilter filter{candidates.data_ptr<bool>(), excluded.data_ptr<int64_t>()};
  std::vector<std::vector<int64_t>> expected;
  for (int64_t i = 0; i < queries; ++i) {
    const auto* score = scores.data_ptr<float>() + i * rows;
    std::vector<int64_t> order;
    for (int64_t j = 0; j < rows; ++j) {
      if (filter.admits(3 + i, first_row + j)) order.push_back(first_row + j);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return score[a - first_row] > score[b - first_row]; });
    order.resize(std::min(order.size(), static_cast<size_t>(k)));
    expected.push_back(order);
  }
  std::vector<BestRows> by_scan(queries, BestRows(k)), by_topk(queries, BestRows(k));
  offer_all(scores, {3, first_row}, filter, by_scan);
  offer_largest(scores, {3, first_row}, filter, k, by_topk);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(by_scan[i].taken(), expected[i]) << i;
    EXPECT_EQ(by_topk[i].taken(), expected[i]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, BestRowsOfTile, ::testing::Values(1, 2, 7, 39, 40, 100));

}  // namespace
}  // namespace kindred
