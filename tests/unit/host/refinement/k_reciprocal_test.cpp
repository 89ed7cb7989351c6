#include "host/refinement/k_reciprocal.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "k_reciprocal_golden.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// The rows of k_reciprocal_golden.py.
at::Tensor golden_rows() {
  const auto i = at::arange(golden::kQueries + golden::kRows, at::kDouble).unsqueeze(1);
  const auto d = at::arange(golden::kWidth, at::kDouble).unsqueeze(0);
  return at::sin(1.7 * i.remainder(6) + 2.3 * d + 0.9 * at::sin(3.1 * i + d)).to(at::kFloat);
}

TEST(KReciprocal, distances_are_those_of_the_paper) {
  const auto squared = distance_matrix(Distance::squared_euclidean, golden_rows(), golden_rows());
  for (const auto& one : golden::kReranked) {
    const auto expected = at::tensor(one.distances).view({golden::kQueries, golden::kRows});
    const auto found = k_reciprocal_distances(squared, golden::kQueries, {one.k1, one.k2, one.lambda, 1000});
    EXPECT_LE((found - expected).abs().max().item<float>(), 2e-6F)
        << "k1 " << one.k1 << ", lambda " << one.lambda;
  }
}

TEST(KReciprocal, the_plain_distance_alone_changes_no_order) {
  const auto rows = at::randn({30, 8});
  const auto query = at::randn({8});
  const auto order = std::get<1>(distance_matrix(Distance::cosine, query.unsqueeze(0), rows)[0].sort());
  const auto sorted = rows.index_select(0, order);
  KReciprocal options;
  options.lambda = 1;
  EXPECT_TRUE(at::equal(k_reciprocal_order(Distance::cosine, query, sorted, options), at::arange(30)));
  const auto unit = l2_normalized(sorted);
  EXPECT_TRUE(at::equal(k_reciprocal_order(Distance::euclidean, l2_normalized(query), unit, {}),
                        k_reciprocal_order(Distance::cosine, query, sorted, {})))
      << "of rows of length 1 both are one";
}

TEST(KReciprocal, a_group_that_belongs_together_passes_a_stray_that_is_nearer) {
  // The query and five rows lie close to each other; a stray lies nearer to the query than two of them, but
  // its own nearest rows are others.
  auto rows = at::zeros({12, 2});
  const std::vector<float> x = {0.10F, 0.20F, 0.30F, 0.44F, 0.45F};
  for (int64_t i = 0; i < 5; ++i) rows[i][0] = x[static_cast<size_t>(i)];
  rows[5][1] = 0.40F;  // the stray, and what it belongs to
  for (int64_t i = 6; i < 12; ++i) rows[i][1] = 0.42F + 0.01F * static_cast<float>(i - 6);
  const auto query = at::zeros({2});
  const auto plain = std::get<1>(distance_matrix(Distance::euclidean, query.unsqueeze(0), rows)[0].sort());
  EXPECT_EQ(plain[3].item<int64_t>(), 5);
  const auto order =
      k_reciprocal_order(Distance::euclidean, query, rows.index_select(0, plain), {5, 2, 0.1, 100});
  const auto found = plain.index_select(0, order).slice(0, 0, 5);
  EXPECT_EQ(std::get<0>(found.sort())[4].item<int64_t>(), 4) << found;
}

TEST(KReciprocal, few_rows_and_equal_rows_are_no_trouble) {
  for (const int64_t count : {1, 2, 5}) {
    const auto order = k_reciprocal_order(Distance::cosine, at::ones({4}), at::ones({count, 4}), {});
    EXPECT_TRUE(at::equal(order, at::arange(count))) << count;
  }
  const auto zeros = k_reciprocal_distances(at::zeros({4, 4}), 1, {});
  EXPECT_TRUE(zeros.isfinite().all().item<bool>());
}

TEST(KReciprocal, distances_without_a_square_are_refused) {
  for (const Distance distance : {Distance(Distance::dot), Distance(Distance::snr)}) {
    EXPECT_THROW(check_k_reciprocal(distance), Error);
    EXPECT_THROW(k_reciprocal_order(distance, at::ones({4}), at::ones({3, 4}), {}), Error);
  }
}

}  // namespace
}  // namespace kindred::host
