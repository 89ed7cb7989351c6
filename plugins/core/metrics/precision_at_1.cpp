#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Says whether the nearest neighbour is relevant: precision at k (Manning, Raghavan, Schütze 2008,
/// section 8.4) for k = 1, rel_1.
class PrecisionAt1 final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"P1", "P@1", "Top1", "RecallAt1", "Accuracy"};
  using Params = DistanceParams;
  explicit PrecisionAt1(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "precision_at_1"; }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return 1; }
  at::Tensor per_query(const Ranking& ranking) const override {
    return (ranking.first_relevant == 1).to(at::kDouble);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, PrecisionAt1, "kindred.precision_at_1", "1.0.0",
                  "Share of queries whose nearest neighbour is relevant");
}  // namespace kindred
