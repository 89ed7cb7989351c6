#include <ATen/ATen.h>

#include <limits>

#include "kindred/plugin.hpp"
#include "pair_counts.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Average precision (Manning, Raghavan, Schütze 2008, section 8.4) of all pairs ordered by distance d: with
/// P the positive pairs, all pairs q, the mean over p in P of
///   #{q in P: d_q <= d_p} / #{q: d_q <= d_p}
/// so that pairs at the same distance come together. Of the pairs of the dataset where it has some.
class PairAveragePrecision final : public SetMetric {
 public:
  using Params = DistanceParams;
  explicit PairAveragePrecision(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "pair_average_precision"; }
  std::string distance() const override { return params_.distance; }
  double of_set(const EvaluatedSet& set) const override {
    const auto counts = count_pairs(set, distance_from_name(params_.distance));
    const int64_t positives = counts.positives.numel();
    if (positives == 0) return std::numeric_limits<double>::quiet_NaN();
    const auto below = at::searchsorted(counts.positives, counts.positives).to(at::kDouble);
    const auto found =
        static_cast<double>(positives) - below;  // as near as this one, itself and its equals included
    return (found / (found + counts.negatives_above + counts.negatives_equal)).mean().item<double>();
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, PairAveragePrecision, "kindred.pair_average_precision", "1.0.0",
                  "Average precision of all pairs of the set ordered by distance");
}  // namespace kindred
