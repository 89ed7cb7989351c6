#include "host/refinement/query_expansion.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

/// By its definition, in float64, a number at a time.
std::vector<double> by_definition(const at::Tensor& query, const at::Tensor& rows, double alpha) {
  const auto q = query.to(at::kDouble), x = rows.to(at::kDouble);
  std::vector<double> sum(static_cast<size_t>(q.numel()));
  for (int64_t d = 0; d < q.numel(); ++d) sum[static_cast<size_t>(d)] = q[d].item<double>();
  for (int64_t n = 0; n < x.size(0); ++n) {
    double dot = 0;
    for (int64_t d = 0; d < q.numel(); ++d) dot += q[d].item<double>() * x[n][d].item<double>();
    const double weight = alpha == 0 ? 1 : std::pow(std::max(dot, 0.0), alpha);
    for (int64_t d = 0; d < q.numel(); ++d) sum[static_cast<size_t>(d)] += weight * x[n][d].item<double>();
  }
  double square = 0;
  for (double one : sum) square += one * one;
  for (double& one : sum) one /= std::sqrt(square);
  return sum;
}

TEST(QueryExpansion, is_what_its_definition_says) {
  const auto queries = l2_normalized(at::randn({4, 6})), rows = l2_normalized(at::randn({4, 3, 6}));
  for (const double alpha : {0.0, 1.0, 3.0}) {
    const auto found = expanded_queries(queries, rows, alpha);
    for (int64_t i = 0; i < 4; ++i) {
      const auto expected = by_definition(queries[i], rows[i], alpha);
      for (int64_t d = 0; d < 6; ++d)
        EXPECT_NEAR(found[i][d].item<float>(), expected[static_cast<size_t>(d)], 1e-6) << alpha;
    }
  }
}

TEST(QueryExpansion, rows_of_zeros_add_nothing) {
  const auto queries = l2_normalized(at::randn({2, 6}));
  for (const double alpha : {0.0, 2.0})
    EXPECT_TRUE(at::allclose(expanded_queries(queries, at::zeros({2, 3, 6}), alpha), queries)) << alpha;
}

}  // namespace
}  // namespace kindred::host
