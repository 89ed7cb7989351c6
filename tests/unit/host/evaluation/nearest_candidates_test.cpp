#include "host/evaluation/nearest_candidates.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred::host {
namespace {

/// The nearest candidates of a row by comparing it with each other one, in float64.
std::vector<std::pair<double, int64_t>> by_hand(const at::Tensor& rows, const RetrievalTask& task,
                                                int64_t query, Distance distance) {
  const auto all =
      distance_matrix(distance, rows.slice(0, query, query + 1).to(at::kDouble), rows.to(at::kDouble))[0];
  std::vector<std::pair<double, int64_t>> out;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const bool is_one = !task.candidates.defined() || task.candidates.data_ptr<bool>()[i];
    if (is_one && i != query) out.emplace_back(all.data_ptr<double>()[i], i);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void expect_as_by_hand(const at::Tensor& rows, const RetrievalTask& task, Distance distance, int64_t k) {
  const auto queries = query_rows(task);
  const auto found = nearest_candidates(rows, task, queries, distance, k);
  ASSERT_EQ(found.rows.size(0), queries.numel());
  ASSERT_EQ(found.rows.size(1), k);
  for (int64_t q = 0; q < queries.numel(); ++q) {
    const auto expected = by_hand(rows, task, queries.data_ptr<int64_t>()[q], distance);
    for (int64_t i = 0; i < k; ++i) {
      const auto row = found.rows[q][i].item<int64_t>();
      const auto far = found.distances[q][i].item<float>();
      if (i >= static_cast<int64_t>(expected.size())) {
        EXPECT_EQ(row, -1);
        EXPECT_TRUE(std::isinf(far));
        continue;
      }
      EXPECT_EQ(row, expected[static_cast<size_t>(i)].second) << q << " " << i;
      EXPECT_NEAR(far, expected[static_cast<size_t>(i)].first, 1e-5);
    }
  }
}

TEST(NearestCandidates, are_those_that_comparing_with_each_row_finds) {
  at::manual_seed(3);
  const auto rows = at::randn({60, 7});
  RetrievalTask task;
  task.labels = at::arange(60, at::kLong);
  for (const Distance distance : {Distance(Distance::cosine), Distance(Distance::euclidean)}) {
    expect_as_by_hand(rows, task, distance, 5);
  }
}

TEST(NearestCandidates, are_no_rows_that_may_not_be_found_and_end_where_there_are_no_more) {
  at::manual_seed(4);
  RetrievalTask task;
  task.labels = at::arange(20, at::kLong);
  task.queries = at::tensor({1, 2, 9}, at::kLong);
  task.candidates = at::zeros({20}, at::kBool);
  task.candidates.slice(0, 8, 12).fill_(true);
  expect_as_by_hand(at::randn({20, 4}), task, Distance::cosine, 5);
}

TEST(NearestCandidates, a_query_does_not_find_itself_among_rows_that_equal_it) {
  const auto rows = at::ones({9, 3});
  RetrievalTask task;
  task.labels = at::arange(9, at::kLong);
  const auto found = nearest_candidates(rows, task, query_rows(task), Distance::cosine, 3);
  for (int64_t q = 0; q < 9; ++q) {
    EXPECT_FALSE(found.rows[q].eq(q).any().item<bool>());
    EXPECT_TRUE(found.rows[q].ge(0).all().item<bool>());
  }
}

}  // namespace
}  // namespace kindred::host
