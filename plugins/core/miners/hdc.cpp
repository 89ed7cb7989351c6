#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Hard-aware cascade (Yuan, Yang, Zhang 2017, section 3.2): of the P positive and the N negative pairs of a
/// batch the floor(fraction P) with the largest and the floor(fraction N) with the smallest distances.
class HdcMiner final : public Miner {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"HardAwareCascade", "HardAwareCascaded"};
  struct Params : PairDistanceParams {
    double fraction = 0.5;
    static void describe(Schema<Params>& schema) {
      schema.field("fraction", &Params::fraction).doc("The share that is kept, rounded down.").range(0, 1);
      describe_distance(schema);
    }
  };

  explicit HdcMiner(const Params& params) : params_(params), distance_(params) {}

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    return {{hardest(batch.masks.positive, d), hardest(batch.masks.negative, -d)}, {}};
  }

 private:
  /// Those of the chosen entries with the largest values; of equal ones the first.
  at::Tensor hardest(const at::Tensor& chosen, const at::Tensor& values) const {
    const auto places = chosen.reshape({-1}).nonzero().squeeze(1);
    const auto count = static_cast<int64_t>(params_.fraction * static_cast<double>(places.numel()));
    const auto order = std::get<1>(values.reshape({-1}).index_select(0, places).sort(true, 0, true));
    const auto kept = places.index_select(0, order.slice(0, 0, count));
    return at::zeros_like(chosen.reshape({-1})).index_fill_(0, kept, true).view_as(chosen);
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, HdcMiner, "kindred.hdc", "1.0.0",
                  "The hardest share of the positive and of the negative pairs");
}  // namespace kindred
