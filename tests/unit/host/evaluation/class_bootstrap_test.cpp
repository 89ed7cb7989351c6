#include "host/evaluation/class_bootstrap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "host/base/random_streams.hpp"
#include "kindred/random.hpp"

namespace kindred::host {
namespace {

using ByClass = std::map<int64_t, std::vector<double>>;

MetricValue value_of(const ByClass& queries) {
  MetricValue value{};
  for (const auto& [label, values] : queries) {
    value.by_class[label] =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    value.class_queries[label] = static_cast<int64_t>(values.size());
  }
  return value;
}

double uniform(Random& random) { return static_cast<double>(random.below(1 << 30)) / (1 << 30); }

/// Classes of several sizes, whose queries are near a value of their class.
ByClass made(uint64_t seed, int64_t classes, double spread, double shift = 0) {
  Random random(seed, 0);
  ByClass all;
  for (int64_t label = 0; label < classes; ++label) {
    const double centre = uniform(random);
    const auto count = 2 + random.below(9);
    for (int64_t i = 0; i < count; ++i)
      all[10 * label].push_back(centre + spread * (uniform(random) - 0.5) + shift);
  }
  return all;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// By brute force, from single queries: which classes each resampling draws is what the stream says.
std::vector<double> brute_means(const ByClass& queries, const EvaluationOptions& options) {
  std::vector<std::vector<double>> classes;
  for (const auto& [label, values] : queries) classes.push_back(values);
  auto random = random_stream(options.seed, Stream::bootstrap);
  std::vector<double> means;
  for (int64_t b = 0; b < options.bootstrap_samples; ++b) {
    std::vector<double> drawn;
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto& one = classes[static_cast<size_t>(random.below(static_cast<int64_t>(classes.size())))];
      drawn.insert(drawn.end(), one.begin(), one.end());
    }
    means.push_back(mean_of(drawn));
  }
  return means;
}

/// The value at rank 0.025 or 0.975 of 1000 sorted ones: numbers 25 and 974, from 0.
Interval middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.at(25), values.at(974)};
}

TEST(ClassBootstrap, is_what_drawing_whole_classes_of_queries_gives) {
  const EvaluationOptions options{7, 1000};
  const auto queries = made(1, 15, 0.2);
  const auto interval = class_interval(value_of(queries), options);
  const auto expected = middle(brute_means(queries, options));
  EXPECT_NEAR(interval.low, expected.low, 1e-12);
  EXPECT_NEAR(interval.high, expected.high, 1e-12);
}

TEST(ClassBootstrap, of_a_difference_both_sides_have_the_same_classes) {
  const EvaluationOptions options{7, 1000};
  const auto base = made(1, 15, 0.2), tuned = made(1, 15, 0.1, 0.05);
  const auto interval = paired_interval(value_of(base), value_of(tuned), options);
  auto differences = brute_means(tuned, options);
  const auto before = brute_means(base, options);
  for (size_t i = 0; i < differences.size(); ++i) differences[i] -= before[i];
  const auto expected = middle(differences);
  EXPECT_NEAR(interval.low, expected.low, 1e-12);
  EXPECT_NEAR(interval.high, expected.high, 1e-12);
  // What makes a class hard is on both sides, so the difference is known far better than either mean.
  const auto one = class_interval(value_of(base), options);
  EXPECT_LT(interval.high - interval.low, (one.high - one.low) / 2);
  EXPECT_GT(interval.low, 0);
}

TEST(ClassBootstrap, of_classes_of_one_size_it_is_as_wide_as_the_theory_says) {
  // The mean of C drawn class means has the standard deviation of those over sqrt(C).
  ByClass queries;
  Random random(3, 0);
  std::vector<double> means;
  for (int64_t label = 0; label < 40; ++label) {
    means.push_back(uniform(random));
    queries[label] = std::vector<double>(5, means.back());
  }
  const double mean = mean_of(means);
  double variance = 0;
  for (const double one : means) variance += (one - mean) * (one - mean) / 40;
  const double half = 1.96 * std::sqrt(variance / 40);
  const auto interval = class_interval(value_of(queries), {1, 20000});
  EXPECT_NEAR(interval.low, mean - half, 0.05 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.05 * half);
  // Drawing the 200 queries alone would claim an interval that is narrower by sqrt(5).
  EXPECT_GT(interval.high - interval.low, 2 * 2 * half / std::sqrt(5.0));
}

TEST(ClassBootstrap, repeats_for_one_seed_and_differs_for_another) {
  const auto value = value_of(made(2, 9, 0.3));
  EXPECT_EQ(class_interval(value, {7, 1000}).low, class_interval(value, {7, 1000}).low);
  EXPECT_NE(class_interval(value, {7, 1000}).low, class_interval(value, {8, 1000}).low);
}

TEST(ClassBootstrap, there_is_no_interval_without_two_classes_or_without_draws) {
  EXPECT_TRUE(std::isnan(class_interval(value_of(made(2, 1, 0.3)), {7, 1000}).low));
  EXPECT_TRUE(std::isnan(class_interval(MetricValue{}, {7, 1000}).high));
  EXPECT_TRUE(std::isnan(class_interval(value_of(made(2, 9, 0.3)), {7, 0}).low));
  const auto other = value_of(made(4, 9, 0.3));  // as many classes, of other sizes
  EXPECT_TRUE(std::isnan(paired_interval(value_of(made(2, 9, 0.3)), other, {7, 1000}).low));
}

}  // namespace
}  // namespace kindred::host
