#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace {

/// All positive pairs, and the negative pairs that are near.
class KINDRED_CLASS final : public kindred::Miner {
 public:
  struct Params {
    double nearest = 0.8;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("nearest", &Params::nearest)
          .doc("Cosine distance up to which negatives are kept.")
          .range(0, 2);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : params_(params) {}

  /// embeddings (B, D), references (R, D), masks bool (B, R) -> masks bool (B, R).
  kindred::Mined mine(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto near = batch.masks.negative.logical_and(distances < params_.nearest);
    return {{batch.masks.positive, near}, {}};
  }

 private:
  Params params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Miner, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Drops negatives that are far away");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A miner: KINDRED_NAME");
