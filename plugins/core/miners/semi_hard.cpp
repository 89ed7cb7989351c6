#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "positives.hpp"

namespace kindred {
namespace {

/// Takes for every positive pair the nearest negative that is farther than the positive (Schroff,
/// Kalenichenko, Philbin 2015, eq. 4), or the farthest negative where none is.
class SemiHardMiner final : public Miner {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SemiHardTripletMiner", "SemiHardTriplets"};
  struct Params : PairDistanceParams {
    static void describe(Schema<Params>& schema) { describe_distance(schema); }
  };

  explicit SemiHardMiner(const Params& params) : distance_(params) {}

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    const auto far = d.masked_fill(batch.masks.negative.logical_not(), -kInfinity).argmax(1, true);  // (B, 1)
    return {{}, triplets_by_positive(batch, [&](const at::Tensor& column) {
              const auto farther = batch.masks.negative.logical_and(d > d.gather(1, column));
              const auto nearest = d.masked_fill(farther.logical_not(), kInfinity).argmin(1, true);
              const auto choice = at::where(farther.any(1, true), nearest, far);
              return at::zeros_like(farther).scatter(1, choice, true);
            })};
  }

 private:
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, SemiHardMiner, "kindred.semi_hard", "1.0.0",
                  "For each positive pair the nearest negative beyond it");
}  // namespace kindred
