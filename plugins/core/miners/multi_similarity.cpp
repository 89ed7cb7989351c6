#include "multi_similarity.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "core/losses/pair_terms.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {

PairMasks multi_similarity_pairs(const at::Tensor& similarities, const PairMasks& masks, double epsilon) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto hardest_negative =
      similarities.masked_fill(masks.negative.logical_not(), -infinity).amax(1, true);
  const auto hardest_positive =
      similarities.masked_fill(masks.positive.logical_not(), infinity).amin(1, true);
  return {masks.positive.logical_and(similarities - epsilon < hardest_negative),
          masks.negative.logical_and(similarities + epsilon > hardest_positive)};
}

namespace {

/// See multi_similarity.hpp.
class MultiSimilarityMiner final : public AnchorMiner {
 public:
  struct Params {
    double epsilon = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("epsilon", &Params::epsilon).doc("How near a pair must be to the hardest.").range(0, 2);
    }
  };

  explicit MultiSimilarityMiner(const Params& params) : params_(params) {}

  bool gives_triplets() const override { return false; }

  Mined mine(const PairBatch& batch) override {
    return {multi_similarity_pairs(cosine_similarities(batch), batch.masks, params_.epsilon), {}};
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Miner, MultiSimilarityMiner, "kindred.multi_similarity", "1.0.0",
                  "Pairs near or beyond the hardest one of the other kind");
}  // namespace kindred
