#include "kindred/miner.hpp"

#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The nearest negative of every positive pair.
class MyMiner final : public kindred::Miner {
 public:
  using Params = kindred::NoParams;
  explicit MyMiner(const Params&) {}

  // shown in the tutorial:
  kindred::Mined mine(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto nearest = distances.masked_fill(batch.masks.negative.logical_not(), 1e9).argmin(1);
    const auto pairs = batch.masks.positive.logical_and(batch.masks.negative.any(1, true)).nonzero();
    const auto anchors = pairs.select(1, 0);
    return {{}, {anchors, pairs.select(1, 1), nearest.index_select(0, anchors)}};
  }
  // end
};

}  // namespace

KINDRED_COMPONENT(kindred::Miner, MyMiner, "my.next_miner", "0.1.0", "The nearest negatives");
