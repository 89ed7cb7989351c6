#include <limits>

#include "clustering.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Mutual information of the classes and of as many clusters of k-means, adjusted for chance (Vinh, Epps,
/// Bailey 2010, AMI_sum): (I(A; B) - E) / ((H(A) + H(B)) / 2 - E); see clustering.hpp.
class Ami final : public SetMetric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"AdjustedMutualInfo"};
  using Params = ClusteringParams;
  explicit Ami(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "ami"; }
  std::string distance() const override { return params_.distance; }
  double of_set(const EvaluatedSet& set) const override {
    if (set.labels.numel() == 0) return std::numeric_limits<double>::quiet_NaN();
    return adjusted_mutual_information(clustered(set, params_));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, Ami, "kindred.ami", "1.0.0",
                  "Mutual information of classes and clusters, adjusted for chance");
}  // namespace kindred
