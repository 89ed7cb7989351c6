#include "host/evaluation/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "host/distributed/global_batch.hpp"
#include "host/evaluation/class_bootstrap.hpp"
#include "host/evaluation/ranking.hpp"
#include "host/evaluation/relevance.hpp"

namespace kindred::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What a metric gives for the queries that count, which are those with a relevant candidate.
struct Sampled {
  std::vector<double> values;
  std::vector<int64_t> labels, relevant_counts;
  std::vector<double> by_query;  ///< of all queries
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

int64_t largest_relevant_count(const Relevance& relevance, const at::Tensor& queries) {
  int64_t largest = 0;
  for (int64_t i = 0; i < queries.numel(); ++i) {
    largest = std::max(largest, relevance.count(queries.data_ptr<int64_t>()[i]));
  }
  return largest;
}

/// Adds what a metric gives for the queries of a tile. `labels` int64 (T): theirs.
void add_values(const Metric& metric, const Ranking& ranking, const at::Tensor& labels, Sampled& sampled) {
  const auto values = metric.per_query(ranking).to(at::kDouble).cpu().contiguous();
  const auto* relevant_count = ranking.relevant_count.data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.numel(); ++i) {
    const bool counts = relevant_count[i] > 0;
    sampled.by_query.push_back(counts ? values.data_ptr<double>()[i] : kNaN);
    if (!counts) continue;
    sampled.values.push_back(values.data_ptr<double>()[i]);
    sampled.relevant_counts.push_back(relevant_count[i]);
    sampled.labels.push_back(labels.data_ptr<int64_t>()[i]);
  }
}

/// The numbers of all processes, in the order of the ranks, which is that of the queries.
template <class Number>
void gather(std::vector<Number>& numbers, at::ScalarType dtype, Communicator& group) {
  const at::Tensor all = gathered(at::tensor(numbers, at::TensorOptions().dtype(dtype)), group).contiguous();
  const auto* const first = all.data_ptr<Number>();
  numbers.assign(first, first + all.numel());
}

void gather(Sampled& sampled, Communicator& group) {
  gather(sampled.values, at::kDouble, group);
  gather(sampled.by_query, at::kDouble, group);
  gather(sampled.labels, at::kLong, group);
  gather(sampled.relevant_counts, at::kLong, group);
}

std::map<int64_t, int64_t> class_counts(const Sampled& sampled) {
  std::map<int64_t, int64_t> counts;
  for (const auto label : sampled.labels) ++counts[label];
  return counts;
}

MetricValue summary(const Metric& metric, Sampled& sampled, int64_t singletons,
                    const EvaluationOptions& options) {
  auto by_class = class_means(sampled);
  const double macro = macro_mean(by_class);
  MetricValue value{metric.name(),
                    mean_of(sampled.values),
                    macro,
                    pooled_mean(sampled),
                    kNaN,
                    kNaN,
                    static_cast<int64_t>(sampled.values.size()),
                    singletons,
                    std::move(by_class),
                    class_counts(sampled),
                    metric.higher_is_better(),
                    std::move(sampled.by_query)};
  const auto interval = class_interval(value, options);
  value.interval_low = interval.low;
  value.interval_high = interval.high;
  return value;
}

}  // namespace

std::vector<MetricValue> evaluate_metrics(const at::Tensor& embeddings, const RetrievalTask& task,
                                          const std::vector<std::shared_ptr<Metric>>& metrics,
                                          const EvaluationOptions& options) {
  const auto labels = task.labels.contiguous();
  const auto queries = query_rows(task);
  auto* const group = options.group != nullptr && options.group->size() > 1 ? options.group : nullptr;
  auto part = task;  // what this process searches
  if (group != nullptr) part.queries = part_of_rank(queries, *group);
  const auto query_labels = labels.index_select(0, query_rows(part));
  const Relevance relevance(task);
  const int64_t largest = largest_relevant_count(relevance, queries);
  std::map<std::string, std::vector<size_t>> by_distance;
  for (size_t m = 0; m < metrics.size(); ++m) {
    if (!metrics[m]->is_of_set()) by_distance[metrics[m]->distance()].push_back(m);
  }

  std::vector<Sampled> sampled(metrics.size());
  int64_t singletons = 0;
  for (const auto& same : by_distance) {
    const auto& members = same.second;  // C++17 captures no structured binding
    RankingOptions ranked;
    ranked.distance = distance_from_name(same.first);
    ranked.tile_bytes = options.tile_bytes;
    if (options.scorer) ranked.scores = options.scorer(ranked.distance);
    for (auto m : members) ranked.depth = std::max(ranked.depth, metrics[m]->depth(largest));
    singletons = 0;
    rank_neighbours(embeddings, part, relevance, ranked, [&](int64_t first, const Ranking& ranking) {
      const int64_t count = ranking.relevant_count.numel();
      const auto* relevant_count = ranking.relevant_count.data_ptr<int64_t>();
      for (int64_t i = 0; i < count; ++i) singletons += relevant_count[i] == 0;
      const auto tile_labels = query_labels.slice(0, first, first + count);
      for (auto m : members) add_values(*metrics[m], ranking, tile_labels, sampled[m]);
    });
  }

  if (group != nullptr) {
    for (size_t m = 0; m < metrics.size(); ++m) {
      if (!metrics[m]->is_of_set()) gather(sampled[m], *group);
    }
    std::vector<int64_t> counts = {singletons};
    gather(counts, at::kLong, *group);
    singletons = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  }
  std::vector<MetricValue> out;
  for (size_t m = 0; m < metrics.size(); ++m) {
    if (metrics[m]->is_of_set()) {
      const double value =
          metrics[m]->of_set({embeddings, labels, options.seed, options.tile_bytes, task.pairs});
      out.push_back({metrics[m]->name(),
                     value,
                     kNaN,
                     kNaN,
                     kNaN,
                     kNaN,
                     labels.numel(),
                     0,
                     {},
                     {},
                     metrics[m]->higher_is_better()});
    } else {
      out.push_back(summary(*metrics[m], sampled[m], singletons, options));
    }
  }
  return out;
}

}  // namespace kindred::host
