#include <gtest/gtest.h>

#include <stdexcept>

#include "component.hpp"
#include "golden_entries.hpp"
#include "golden_file.hpp"
#include "kindred/metric.hpp"
#include "ranking.hpp"

namespace kindred {
namespace {
using nlohmann::json;

at::Tensor per_query(const Ranking& ranking, const char* id, const json& params = json::object()) {
  return testing::make<Metric>("core", id, params)->per_query(ranking);
}

/// The reference looks at as many neighbours as the largest R, and counts what lies behind them as not found.
at::Tensor computed(const Ranking& ranking, const std::string& metric) {
  const auto depth = ranking.relevant_count.max();
  if (metric == "r_precision") return per_query(ranking, "kindred.r_precision");
  if (metric == "precision_at_1") return per_query(ranking, "kindred.precision_at_1");
  if (metric == "mean_average_precision_at_r") return per_query(ranking, "kindred.map_at_r");
  if (metric == "mean_average_precision") {
    return per_query(ranking, "kindred.map_at_k", {{"k", depth.item<int64_t>()}, {"denominator", "r"}});
  }
  if (metric == "mean_reciprocal_rank") {
    const auto seen = (ranking.first_relevant <= depth).to(at::kDouble);
    return per_query(ranking, "kindred.mean_reciprocal_rank") * seen;
  }
  throw std::logic_error("nothing computes " + metric);
}

class GoldenMetrics : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenMetrics, cosine) {
  KINDRED_GOLDEN_LOSSES_OR_SKIP(golden);
  const auto metrics = testing::object_at(golden, "metrics"),
             expected = testing::object_at(metrics, "cosine");
  if (!expected.contains(GetParam()))
    GTEST_SKIP() << testing::golden_losses_file() << " has no " << GetParam();
  const double wanted = expected.at(GetParam()).get<double>();
  const auto device = testing::test_device();
  const auto labels = testing::labels_of(metrics.at("labels")).to(device);
  for (const auto dtype : {at::kDouble, at::kFloat}) {
    const auto ranking =
        testing::ranked_by_cosine(testing::matrix_of(metrics.at("embeddings")).to(device, dtype), labels);
    // Queries without anything relevant are left out.
    const auto values = computed(ranking, GetParam()).masked_select(ranking.relevant_count > 0);
    EXPECT_NEAR(values.mean().item<double>(), wanted, testing::tolerance(wanted, dtype)) << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(pml, GoldenMetrics, ::testing::ValuesIn(testing::golden_metrics()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kindred
