#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Positive pairs with d > positive_margin and negative pairs with d < negative_margin: those that a
/// contrastive loss (Hadsell, Chopra, LeCun 2006, eq. 4) with these margins does not leave alone. As in
/// pytorch-metric-learning.
class PairMarginMiner final : public AnchorMiner {
 public:
  struct Params : PairDistanceParams {
    Params() : PairDistanceParams("euclidean") {}
    double positive_margin = 0.2;
    double negative_margin = 0.8;
    static void describe(Schema<Params>& schema) {
      schema.field("positive_margin", &Params::positive_margin)
          .doc("Positive pairs farther than this are kept.")
          .range(-1000, 1000);
      schema.field("negative_margin", &Params::negative_margin)
          .doc("Negative pairs nearer than this are kept.")
          .range(-1000, 1000);
      describe_distance(schema);
    }
  };

  explicit PairMarginMiner(const Params& params) : params_(params), distance_(params) {}

  bool gives_triplets() const override { return false; }

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    return {{batch.masks.positive.logical_and(d > params_.positive_margin),
             batch.masks.negative.logical_and(d < params_.negative_margin)},
            {}};
  }

 private:
  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, PairMarginMiner, "kindred.pair_margin", "1.0.0",
                  "Positive pairs beyond one margin, negative pairs within another");
}  // namespace kindred
