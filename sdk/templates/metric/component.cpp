#include <ATen/ATen.h>

#include "kindred/metric.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Says whether one of the k nearest neighbours is relevant.
class KINDRED_CLASS final : public kindred::Metric {
 public:
  struct Params {
    int64_t k = 5;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("k", &Params::k).doc("How many neighbours are looked at.").range(1, 10000);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : params_(params) {}

  std::string name() const override { return "KINDRED_NAME_" + std::to_string(params_.k); }
  std::string distance() const override { return "cosine"; }
  int64_t depth(int64_t) const override { return params_.k; }

  /// float64 (Q), a number per query from 0 to 1. Means, intervals and queries without relevant samples are
  /// the host's. For a rank or a cost, of which smaller is better, also override higher_is_better().
  at::Tensor per_query(const kindred::Ranking& ranking) const override {
    return ranking.relevant.slice(1, 0, params_.k).any(1).to(at::kDouble);
  }

 private:
  Params params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Metric, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Share of queries with a hit among k");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A metric: KINDRED_NAME");
