#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/metric.hpp"

namespace kindred {
namespace {

/// Two queries: hits at ranks 1, 3 and 5 of R = 4, and at rank 2 of R = 1; a third without relevant samples.
Ranking example() {
  Ranking ranking;
  ranking.relevant = at::tensor(std::vector<int64_t>{1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, at::kLong)
                         .reshape({3, 5})
                         .to(at::kBool);
  ranking.relevant_count = at::tensor(std::vector<int64_t>{4, 1, 0}, at::kLong);
  ranking.first_relevant = at::tensor(std::vector<int64_t>{1, 2, 0}, at::kLong);
  return ranking;
}

void expect(const char* id, const nlohmann::json& params, const std::string& name, int64_t depth,
            double first, double second) {
  const auto metric = testing::make<Metric>("core", id, params);
  const auto values = metric->per_query(example());
  EXPECT_EQ(metric->name(), name);
  EXPECT_EQ(metric->depth(4), depth) << name;
  ASSERT_EQ(values.numel(), 3) << name;
  EXPECT_DOUBLE_EQ(values[0].item<double>(), first) << name;
  EXPECT_DOUBLE_EQ(values[1].item<double>(), second) << name;
}

TEST(Metrics, hand_computed) {
  expect("kindred.r_precision", nlohmann::json::object(), "r_precision", 4, 2.0 / 4, 0);
  expect("kindred.map_at_r", nlohmann::json::object(), "map_at_r", 4, (1.0 + 2.0 / 3) / 4, 0);
  expect("kindred.precision_at_k", {{"k", 3}}, "precision_at_3", 3, 2.0 / 3, 1.0 / 3);
  expect("kindred.recall_at_k", {{"k", 3}}, "recall_at_3", 3, 2.0 / 4, 1);
  expect("kindred.recall_at_k", {{"k", 3}, {"any", true}}, "any_recall_at_3", 3, 1, 1);
  expect("kindred.mean_reciprocal_rank", nlohmann::json::object(), "mean_reciprocal_rank", 1, 1, 0.5);
}

}  // namespace
}  // namespace kindred
