#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/evaluation/ranking.hpp"
#include "host/evaluation/retrieval_task.hpp"
#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

class Communicator;

struct EvaluationOptions {
  uint64_t seed = 0;
  int64_t bootstrap_samples = 1000;  ///< 0: no interval
  int64_t tile_bytes = int64_t{64} << 20;
  /// Gives what orders candidates in place of a metric's distance; empty: the distance does.
  std::function<RowScores(Distance)> scorer{};
  /// Processes that share the queries, each with the same embeddings and task; all get all values. Null: this
  /// one is alone.
  Communicator* group = nullptr;
};

/// NaN where a value is undefined: no query has a relevant sample, or no interval was asked for or can be
/// had. A metric of the whole set has its value as mean, and nothing else; its queries are all samples.
struct MetricValue {
  std::string name;
  double mean;                                 ///< over the queries with a relevant sample (R > 0)
  double macro;                                ///< mean over classes of the classes' means
  double pooled;                               ///< mean weighted by R: what Quaterion calls its R-Precision
  double interval_low, interval_high;          ///< class_interval() of the mean
  int64_t queries;                             ///< with R > 0
  int64_t singletons;                          ///< queries left out since R = 0
  std::map<int64_t, double> by_class;          ///< label -> mean over its queries
  std::map<int64_t, int64_t> class_queries{};  ///< label -> how many they are
  bool higher_is_better = true;
  /// By query of the task, in its order; NaN for those that are left out. Empty where it is of the whole set.
  std::vector<double> by_query{};
};

/// Computes every metric over an exact search of `embeddings` float32 (N, D). Metrics that order by the same
/// distance share one search. `metrics` are under contract (contracts.hpp), so that what they give need not
/// be checked.
std::vector<MetricValue> evaluate_metrics(const at::Tensor& embeddings, const RetrievalTask& task,
                                          const std::vector<std::shared_ptr<Metric>>& metrics,
                                          const EvaluationOptions& options);

}  // namespace kindred::host
