#include "host/evaluation/class_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/base/random_streams.hpp"

namespace kindred::host {
namespace {

constexpr Interval kNoInterval = {std::numeric_limits<double>::quiet_NaN(),
                                  std::numeric_limits<double>::quiet_NaN()};

/// The means of all resamplings. They draw the same classes for every metric value with as many of them.
std::vector<double> resampled_means(const MetricValue& value, const EvaluationOptions& options) {
  std::vector<double> sums, counts;
  for (const auto& [label, mean] : value.by_class) {
    counts.push_back(static_cast<double>(value.class_queries.at(label)));
    sums.push_back(mean * counts.back());
  }
  const auto classes = static_cast<int64_t>(sums.size());
  std::vector<double> means;
  if (classes < 2) return means;
  auto random = random_stream(options.seed, Stream::bootstrap);
  for (int64_t b = 0; b < options.bootstrap_samples; ++b) {
    double sum = 0, count = 0;
    for (int64_t i = 0; i < classes; ++i) {
      const auto drawn = static_cast<size_t>(random.below(classes));
      sum += sums[drawn];
      count += counts[drawn];
    }
    means.push_back(sum / count);
  }
  return means;
}

Interval middle_95(std::vector<double> values) {
  if (values.empty()) return kNoInterval;
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double p) {
    return values[static_cast<size_t>(std::lround(p * static_cast<double>(values.size() - 1)))];
  };
  return {quantile(0.025), quantile(0.975)};
}

}  // namespace

Interval class_interval(const MetricValue& value, const EvaluationOptions& options) {
  return middle_95(resampled_means(value, options));
}

Interval paired_interval(const MetricValue& base, const MetricValue& tuned,
                         const EvaluationOptions& options) {
  if (base.class_queries != tuned.class_queries) return kNoInterval;
  const auto before = resampled_means(base, options);
  auto differences = resampled_means(tuned, options);
  for (size_t i = 0; i < differences.size(); ++i) differences[i] -= before[i];
  return middle_95(std::move(differences));
}

}  // namespace kindred::host
