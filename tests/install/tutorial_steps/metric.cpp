#include "kindred/metric.hpp"

#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The share of relevant samples among the 2 R nearest.
class MyMetric final : public kindred::Metric {
 public:
  using Params = kindred::NoParams;
  explicit MyMetric(const Params&) {}
  std::string name() const override { return "next_metric"; }
  std::string distance() const override { return "cosine"; }

  // shown in the tutorial:
  int64_t depth(int64_t largest_count) const override { return 2 * largest_count; }

  at::Tensor per_query(const kindred::Ranking& ranking) const override {
    const auto rank = at::arange(1, ranking.relevant.size(1) + 1, at::kLong).unsqueeze(0);  // (1, K)
    const auto counts = rank <= 2 * ranking.relevant_count.unsqueeze(1);                    // (Q, K)
    const auto found = ranking.relevant.logical_and(counts).sum(1).to(at::kDouble);
    return found / ranking.relevant_count.clamp_min(1).to(at::kDouble);
  }
  // end
};

/// 1 / (1 + d), d the mean distance of samples to the mean of their class.
class MySetMetric final : public kindred::SetMetric {
 public:
  using Params = kindred::NoParams;
  explicit MySetMetric(const Params&) {}
  std::string name() const override { return "next_set_metric"; }
  std::string distance() const override { return "euclidean"; }

  // shown in the tutorial:
  double of_set(const kindred::EvaluatedSet& set) const override;
  // end
};

double MySetMetric::of_set(const kindred::EvaluatedSet& set) const {
  const auto rows = set.embeddings.to(at::kDouble);
  const auto same = (set.labels.unsqueeze(1) == set.labels.unsqueeze(0)).to(at::kDouble);
  const auto means = same.matmul(rows) / same.sum(1, true);
  return 1 / (1 + kindred::paired_distance(kindred::Distance::euclidean, rows, means).mean().item<double>());
}

}  // namespace

KINDRED_COMPONENT(kindred::Metric, MyMetric, "my.next_metric", "0.1.0",
                  "Relevant samples among the 2 R nearest");
KINDRED_COMPONENT(kindred::Metric, MySetMetric, "my.next_set_metric", "0.1.0", "How tight classes are");
