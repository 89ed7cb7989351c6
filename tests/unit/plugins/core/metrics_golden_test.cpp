#include <gtest/gtest.h>

#include "component.hpp"
#include "golden_file.hpp"
#include "kindred/metric.hpp"
#include "ranking.hpp"

namespace kindred {
namespace {

TEST(GoldenMetrics, cosine) {
  const auto golden = testing::read_golden_losses();
  if (golden.is_discarded())
    GTEST_SKIP() << testing::golden_losses_file()
                 << " is absent; set KINDRED_SHARED or KINDRED_GOLDEN_LOSSES";
  const auto embeddings = testing::matrix_of(golden["metrics"]["embeddings"]);
  const auto ranking = testing::ranked_by_cosine(embeddings, testing::labels_of(golden["metrics"]["labels"]));
  const auto& expected = golden["metrics"]["cosine"];
  const auto mean = [&](const char* id) {
    return testing::make<Metric>("core", id)->per_query(ranking).mean().item<double>();
  };
  EXPECT_NEAR(mean("kindred.r_precision"), expected["r_precision"].get<double>(), 1e-12);
  EXPECT_NEAR(mean("kindred.map_at_r"), expected["mean_average_precision_at_r"].get<double>(), 1e-12);
  EXPECT_NEAR(mean("kindred.precision_at_k"), expected["precision_at_1"].get<double>(), 1e-12);
  // The reference looks at as many neighbours as the largest R and counts what lies behind them as 0.
  const auto seen = ranking.first_relevant <= ranking.relevant_count.max();
  const auto reciprocal = testing::make<Metric>("core", "kindred.mean_reciprocal_rank")->per_query(ranking) *
                          seen.to(at::kDouble);
  EXPECT_NEAR(reciprocal.mean().item<double>(), expected["mean_reciprocal_rank"].get<double>(), 1e-12);
}

}  // namespace
}  // namespace kindred
