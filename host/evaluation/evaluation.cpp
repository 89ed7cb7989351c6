#include "host/evaluation/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "host/base/random_streams.hpp"
#include "host/search/retrieval_search.hpp"

namespace kindred::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Values of the queries that count, with their labels.
struct Sampled {
  std::vector<double> values;
  std::vector<int64_t> labels, relevant_counts;
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return values.empty() ? kNaN : sum / static_cast<double>(values.size());
}

std::map<int64_t, double> class_means(const Sampled& sampled) {
  std::map<int64_t, std::pair<double, int64_t>> classes;
  for (size_t i = 0; i < sampled.values.size(); ++i) {
    auto& [sum, count] = classes[sampled.labels[i]];
    sum += sampled.values[i];
    ++count;
  }
  std::map<int64_t, double> means;
  for (const auto& [label, one] : classes) means[label] = one.first / static_cast<double>(one.second);
  return means;
}

double macro_mean(const std::map<int64_t, double>& by_class) {
  std::vector<double> means;
  for (const auto& [label, mean] : by_class) means.push_back(mean);
  return mean_of(means);
}

double pooled_mean(const Sampled& sampled) {
  double sum = 0, weight = 0;
  for (size_t i = 0; i < sampled.values.size(); ++i) {
    const auto count = static_cast<double>(sampled.relevant_counts[i]);
    sum += sampled.values[i] * count;
    weight += count;
  }
  return weight > 0 ? sum / weight : kNaN;
}

std::pair<double, double> bootstrap_interval(const std::vector<double>& values,
                                             const EvaluationOptions& options) {
  if (values.empty() || options.bootstrap_samples <= 0) return {kNaN, kNaN};
  auto random = random_stream(options.seed, Stream::bootstrap);
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> means;
  for (int64_t b = 0; b < options.bootstrap_samples; ++b) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += values[static_cast<size_t>(random.below(count))];
    means.push_back(sum / static_cast<double>(count));
  }
  std::sort(means.begin(), means.end());
  const auto quantile = [&](double p) {
    return means[static_cast<size_t>(std::lround(p * static_cast<double>(means.size() - 1)))];
  };
  return {quantile(0.025), quantile(0.975)};
}

int64_t largest_relevant_count(const Relevance& relevance, const at::Tensor& queries) {
  int64_t largest = 0;
  for (int64_t i = 0; i < queries.numel(); ++i) {
    largest = std::max(largest, relevance.count(queries.data_ptr<int64_t>()[i]));
  }
  return largest;
}

}  // namespace

std::vector<MetricValue> evaluate_metrics(const at::Tensor& embeddings, const RetrievalTask& task,
                                          const std::vector<std::shared_ptr<Metric>>& metrics,
                                          const EvaluationOptions& options) {
  const auto plain = task.labels.contiguous();
  const auto rows = task.queries.defined() ? task.queries.contiguous() : at::arange(plain.numel(), at::kLong);
  const int64_t largest = largest_relevant_count(Relevance(task), rows);
  std::map<std::string, std::vector<size_t>> by_distance;
  for (size_t m = 0; m < metrics.size(); ++m) {
    if (!metrics[m]->is_of_set()) by_distance[metrics[m]->distance()].push_back(m);
  }

  std::vector<Sampled> sampled(metrics.size());
  int64_t singletons = 0;
  for (const auto& group : by_distance) {
    const auto& members = group.second;
    SearchOptions search;
    search.distance = distance_from_name(group.first);
    search.tile_bytes = options.tile_bytes;
    for (auto m : members) search.depth = std::max(search.depth, metrics[m]->depth(largest));
    singletons = 0;
    rank_neighbours(embeddings, task, search, [&](int64_t first, const Ranking& ranking) {
      const int64_t count = ranking.relevant_count.numel();
      const auto* relevant_count = ranking.relevant_count.data_ptr<int64_t>();
      for (int64_t i = 0; i < count; ++i) singletons += relevant_count[i] == 0;
      for (auto m : members) {
        const auto values = metrics[m]->per_query(ranking).to(at::kDouble).cpu().contiguous();
        for (int64_t i = 0; i < count; ++i) {
          if (relevant_count[i] == 0) continue;
          sampled[m].values.push_back(values.data_ptr<double>()[i]);
          sampled[m].relevant_counts.push_back(relevant_count[i]);
          sampled[m].labels.push_back(plain.data_ptr<int64_t>()[rows.data_ptr<int64_t>()[first + i]]);
        }
      }
    });
  }

  std::vector<MetricValue> out;
  for (size_t m = 0; m < metrics.size(); ++m) {
    if (metrics[m]->is_of_set()) {
      const double value =
          metrics[m]->of_set({embeddings, plain, options.seed, options.tile_bytes, task.pairs});
      out.push_back({metrics[m]->name(), value, kNaN, kNaN, kNaN, kNaN, plain.numel(), 0, {}});
      continue;
    }
    const auto [low, high] = bootstrap_interval(sampled[m].values, options);
    auto by_class = class_means(sampled[m]);
    out.push_back({metrics[m]->name(), mean_of(sampled[m].values), macro_mean(by_class),
                   pooled_mean(sampled[m]), low, high, static_cast<int64_t>(sampled[m].values.size()),
                   singletons, std::move(by_class)});
  }
  return out;
}

}  // namespace kindred::host
