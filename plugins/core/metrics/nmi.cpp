#include <limits>

#include "clustering.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Normalised mutual information (Manning, Raghavan, Schütze 2008, section 16.3) of the classes and of as
/// many clusters of k-means, I(A; B) / ((H(A) + H(B)) / 2); see clustering.hpp.
class Nmi final : public SetMetric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"NormalizedMutualInfo"};
  using Params = ClusteringParams;
  explicit Nmi(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "nmi"; }
  std::string distance() const override { return params_.distance; }
  double of_set(const EvaluatedSet& set) const override {
    if (set.labels.numel() == 0) return std::numeric_limits<double>::quiet_NaN();
    return normalized_mutual_information(clustered(set, params_));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, Nmi, "kindred.nmi", "1.0.0",
                  "Mutual information of classes and clusters over their mean entropy");
}  // namespace kindred
