#include "host/evaluation/evaluation.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "../distributed/thread_communicator.hpp"
#include "component.hpp"
#include "labelled_task.hpp"

namespace kindred::host {
namespace {

std::shared_ptr<Metric> r_precision() { return testing::make<Metric>("core", "kindred.r_precision"); }

/// On a circle by angle in degrees.
at::Tensor at_angles(const std::vector<double>& degrees) {
  std::vector<float> values;
  for (const double a : degrees) {
    values.push_back(static_cast<float>(std::cos(a * 0.017453292519943295)));
    values.push_back(static_cast<float>(std::sin(a * 0.017453292519943295)));
  }
  return at::tensor(values).reshape({-1, 2});
}

TEST(Evaluation, means_over_queries_classes_and_relevant_samples) {
  // Class 0 at 0, 1, 2 and 40 degrees, class 1 at 38 and 60, a single of class 2 at 90.
  const auto x = at_angles({0, 1, 2, 40, 38, 60, 90});
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 0, 0, 1, 1, 2}, at::kLong);
  const auto value = evaluate_metrics(x, of_labels(labels), {r_precision()}, {}).front();
  // R = 3: rows 0 to 2 find two of three (the third is 38), row 3 finds 38, 60, 2: one of three. R = 1: row 4
  // finds 40, row 5 finds 40.
  const double expected = (3 * (2.0 / 3) + 1.0 / 3 + 0 + 0) / 6;
  EXPECT_NEAR(value.mean, expected, 1e-12);
  EXPECT_NEAR(value.macro, ((3 * (2.0 / 3) + 1.0 / 3) / 4 + 0) / 2, 1e-12);
  EXPECT_NEAR(value.pooled, (3 * 2 + 1) / (4 * 3.0 + 2), 1e-12);
  EXPECT_EQ(value.queries, 6);
  EXPECT_EQ(value.singletons, 1);
  EXPECT_LE(value.interval_low, value.mean);
  EXPECT_GE(value.interval_high, value.mean);
}

/// What three processes that share the queries give, each.
std::vector<std::vector<MetricValue>> by_three(const at::Tensor& x, const RetrievalTask& task,
                                               const std::vector<std::shared_ptr<Metric>>& metrics) {
  std::vector<std::vector<MetricValue>> found(3);
  as_group(3, [&](Communicator& communicator) {
    EvaluationOptions options;
    options.group = &communicator;
    found[static_cast<size_t>(communicator.rank())] = evaluate_metrics(x, task, metrics, options);
  });
  return found;
}

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void expect_same_value(const MetricValue& one, const MetricValue& other) {
  EXPECT_TRUE(is_same(one.mean, other.mean));
  EXPECT_TRUE(is_same(one.macro, other.macro));
  EXPECT_TRUE(is_same(one.pooled, other.pooled));
  EXPECT_TRUE(is_same(one.interval_low, other.interval_low));
  EXPECT_TRUE(is_same(one.interval_high, other.interval_high));
  EXPECT_EQ(one.queries, other.queries);
  EXPECT_EQ(one.singletons, other.singletons);
  EXPECT_EQ(one.by_class, other.by_class);
  EXPECT_EQ(one.class_queries, other.class_queries);
  ASSERT_EQ(one.by_query.size(), other.by_query.size());
  for (size_t i = 0; i < one.by_query.size(); ++i) {
    EXPECT_TRUE(is_same(one.by_query[i], other.by_query[i])) << i;
  }
}

TEST(Evaluation, processes_that_share_the_queries_find_what_one_finds) {
  at::manual_seed(4);
  const auto x = at::randn({50, 8});
  auto labels = at::arange(50, at::kLong).fmod(7).to(at::kLong);
  labels[49] = 99;  // is alone
  auto some = of_labels(labels), few = of_labels(labels);
  some.queries = at::arange(0, 50, 3, at::kLong);
  few.queries = at::tensor(std::vector<int64_t>{5, 49}, at::kLong);  // less than there are processes
  const std::vector<std::shared_ptr<Metric>> metrics = {r_precision(),
                                                        testing::make<Metric>("core", "kindred.roc_auc")};
  for (const auto& task : {of_labels(labels), some, few}) {
    const auto alone = evaluate_metrics(x, task, metrics, {});
    for (const auto& found : by_three(x, task, metrics)) {
      ASSERT_EQ(found.size(), 2U);
      expect_same_value(found[0], alone[0]);
      EXPECT_EQ(found[1].mean, alone[1].mean);
    }
  }
}

TEST(Evaluation, labels_are_integers_of_64_bits) {
  // In float32 both labels of each pair would be the same number.
  for (const int64_t label : {int64_t{1} << 24, int64_t{1} << 40, (int64_t{1} << 53) + 2}) {
    const auto x = at_angles({0, 1, 2, 3});
    const auto labels = at::tensor(std::vector<int64_t>{label, label + 1, label, label + 1}, at::kLong);
    EXPECT_EQ(evaluate_metrics(x, of_labels(labels), {r_precision()}, {}).front().mean, 0) << label;
  }
}

TEST(Evaluation, a_set_has_one_number_and_no_classes) {
  const auto x = at_angles({0, 1, 90, 91});
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  const auto values = evaluate_metrics(x, of_labels(labels),
                                       {r_precision(), testing::make<Metric>("core", "kindred.roc_auc")}, {});
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].by_class.size(), 2U);
  EXPECT_EQ(values[1].name, "roc_auc");
  EXPECT_EQ(values[1].mean, 1);
  EXPECT_TRUE(std::isnan(values[1].macro));
  EXPECT_TRUE(values[1].by_class.empty());
}

TEST(Evaluation, collapsed_embeddings_score_near_chance) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 400; ++i) labels.push_back((i * 7919) % 20);
  const auto value =
      evaluate_metrics(at::ones({400, 3}), of_labels(at::tensor(labels, at::kLong)), {r_precision()}, {})
          .front();
  EXPECT_LT(value.mean, 0.15) << "chance is 0.05; ties must not favour the query's class";
}

TEST(Evaluation, without_any_pair_the_mean_is_undefined) {
  const auto value =
      evaluate_metrics(at::rand({3, 2}), of_labels(at::arange(3, at::kLong)), {r_precision()}, {}).front();
  EXPECT_TRUE(std::isnan(value.mean));
  EXPECT_EQ(value.singletons, 3);
}

TEST(Evaluation, queries_restrict_what_is_averaged_not_what_is_found) {
  at::manual_seed(4);
  const auto x = at::randn({60, 5});
  const auto labels = at::randint(6, {60}, at::kLong);
  std::vector<at::Tensor> queries;
  double sum = 0;
  for (int64_t i = 0; i < 60; ++i) {
    sum += evaluate_metrics(x, of_labels(labels, at::tensor(std::vector<int64_t>{i}, at::kLong)),
                            {r_precision()}, {})
               .front()
               .mean;
  }
  EXPECT_NEAR(evaluate_metrics(x, of_labels(labels), {r_precision()}, {}).front().mean, sum / 60, 1e-12);
}

TEST(Evaluation, the_interval_repeats_and_narrows_with_more_classes) {
  at::manual_seed(5);
  // Sixty classes, of which some are hard and some easy to find.
  const auto labels = at::arange(600, at::kLong).remainder(60);
  const auto noise = labels.remainder(6).to(at::kFloat).unsqueeze(1) * 0.3;
  const auto x = at::randn({60, 5}).index_select(0, labels) + at::randn({600, 5}) * noise;
  const auto of_six_classes = (labels < 6).nonzero().squeeze(1);
  const auto a = evaluate_metrics(x, of_labels(labels), {r_precision()}, {}).front();
  const auto b = evaluate_metrics(x, of_labels(labels), {r_precision()}, {}).front();
  const auto c = evaluate_metrics(x, of_labels(labels, of_six_classes), {r_precision()}, {}).front();
  EXPECT_EQ(a.interval_low, b.interval_low);
  EXPECT_LT(2 * (a.interval_high - a.interval_low), c.interval_high - c.interval_low);
}

}  // namespace
}  // namespace kindred::host
