#include "host/evaluation/all_pairs.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "labelled_task.hpp"

namespace kindred::host {
namespace {

/// All other rows ordered by (distance, row number), by the plainest means.
std::vector<int64_t> order_of(const at::Tensor& distances, int64_t query) {
  const auto row = distances[query].contiguous();
  std::vector<int64_t> order;
  for (int64_t i = 0; i < row.numel(); ++i) {
    if (i != query) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return row.data_ptr<double>()[a] < row.data_ptr<double>()[b];
  });
  return order;
}

void expect_brute_force(const at::Tensor& x, const Relevance& relevance, Distance distance, int64_t depth) {
  const auto rows = scored_rows(distance, x);
  ASSERT_TRUE(has_all_pairs(rows, relevance, depth));
  const auto found = all_pairs(rows, relevance, depth);
  const auto distances = distance_matrix(distance, x.to(at::kDouble), x.to(at::kDouble));
  for (int64_t i = 0; i < x.size(0); ++i) {
    const auto order = order_of(distances, i);
    const std::vector<int64_t> nearest(found.nearest.begin() + i * depth,
                                       found.nearest.begin() + (i + 1) * depth);
    ASSERT_EQ(nearest, std::vector<int64_t>(order.begin(), order.begin() + depth)) << i;
    const auto relevant =
        std::find_if(order.begin(), order.end(), [&](int64_t j) { return relevance.is_relevant(i, j); });
    ASSERT_EQ(found.first_relevant[static_cast<size_t>(i)],
              relevant == order.end() ? 0 : relevant - order.begin() + 1)
        << i;
  }
}

TEST(AllPairs, equal_sorting_all_pairs_over_several_blocks) {
  at::manual_seed(1);
  const auto x = at::randn({1100, 5});
  const Relevance relevance(of_labels(at::randint(300, {1100}, at::kLong)));
  for (const Distance distance : {Distance::cosine, Distance::euclidean, Distance::dot}) {
    expect_brute_force(x, relevance, distance, 7);
  }
}

TEST(AllPairs, ties_go_by_row_number_also_among_those_that_are_only_counted) {
  at::manual_seed(2);
  // Whole numbers, of which products and sums are exact: most rows have many others at their own place.
  const auto x = at::randint(-1, 2, {1100, 4}, at::kFloat);
  const Relevance relevance(of_labels(at::randint(400, {1100}, at::kLong)));
  for (const Distance distance : {Distance::euclidean, Distance::squared_euclidean, Distance::dot}) {
    for (const int64_t depth : {1, 12}) expect_brute_force(x, relevance, distance, depth);
  }
}

TEST(AllPairs, ranks_are_those_of_float64_where_float32_cannot_tell_scores_apart) {
  at::manual_seed(3);
  // Far from the origin, so that scores agree in all but their last digits.
  const auto x = at::randn({600, 8}) * 0.25 + 16;
  const Relevance relevance(of_labels(at::randint(250, {600}, at::kLong)));
  const auto rows = scored_rows(Distance::euclidean, x);
  const auto found = all_pairs(rows, relevance, 1);
  const auto distances = distance_matrix(Distance::squared_euclidean, x.to(at::kDouble), x.to(at::kDouble));
  for (int64_t i = 0; i < 600; ++i) {
    const auto order = order_of(distances, i);
    const auto relevant =
        std::find_if(order.begin(), order.end(), [&](int64_t j) { return relevance.is_relevant(i, j); });
    const auto rank = relevant == order.end() ? 0 : relevant - order.begin() + 1;
    if (rank > 2) {
      ASSERT_EQ(found.first_relevant[static_cast<size_t>(i)], rank) << i;
    }
  }
}

TEST(AllPairs, serve_where_both_ways_are_equally_far_and_little_is_kept) {
  const auto x = at::randn({40, 3});
  const Relevance relevance(of_labels(at::arange(40, at::kLong).remainder(8)));
  EXPECT_TRUE(has_all_pairs(scored_rows(Distance::cosine, x), relevance, 5));
  EXPECT_FALSE(has_all_pairs(scored_rows(Distance::manhattan, x), relevance, 5));
  EXPECT_FALSE(has_all_pairs(scored_rows(Distance::snr, x), relevance, 5));
  EXPECT_FALSE(has_all_pairs(scored_rows(Distance::cosine, x), relevance, 40)) << "it has 39 others";
  const Relevance one_class(of_labels(at::zeros({2000}, at::kLong)));
  EXPECT_FALSE(has_all_pairs(scored_rows(Distance::cosine, at::randn({2000, 3})), one_class, 5));
}

}  // namespace
}  // namespace kindred::host
