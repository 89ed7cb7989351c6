#include "multi_similarity.hpp"

#include "../losses/pairs.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// See multi_similarity.hpp.
class MultiSimilarityMiner final : public Miner {
 public:
  struct Params {
    double epsilon = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("epsilon", &Params::epsilon).doc("How near a pair must be to the hardest.").range(0, 2);
    }
  };

  explicit MultiSimilarityMiner(const Params& params) : params_(params) {}

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
