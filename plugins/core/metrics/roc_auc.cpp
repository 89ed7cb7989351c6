#include <ATen/ATen.h>

#include <limits>

#include "kindred/plugin.hpp"
#include "pair_counts.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Area under the ROC curve of telling pairs of one class from others by their distance d: the probability
/// that a positive pair is nearer than a negative one (Hanley, McNeil 1982), ties counting half,
///   P(d_p < d_n) + 1/2 P(d_p = d_n)
/// Where the dataset has pairs, it is computed over these.
class RocAuc final : public SetMetric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"AUC", "AUROC"};
  using Params = DistanceParams;
  explicit RocAuc(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "roc_auc"; }
  std::string distance() const override { return params_.distance; }
  double of_set(const EvaluatedSet& set) const override {
    const auto counts = count_pairs(set, distance_from_name(params_.distance));
    const auto positives = static_cast<double>(counts.positives.numel());
    if (positives == 0 || counts.negatives == 0) return std::numeric_limits<double>::quiet_NaN();
    const double lost = (counts.negatives_above + counts.negatives_equal / 2).sum().item<double>();
    return 1 - lost / (positives * counts.negatives);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, RocAuc, "kindred.roc_auc", "1.0.0",
                  "Probability that a positive pair is nearer than a negative one");
}  // namespace kindred
