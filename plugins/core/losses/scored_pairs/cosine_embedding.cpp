#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Cosine embedding loss: Hadsell, Chopra, LeCun 2006, eq. 4, with linear terms in cosines c,
///   mean y (1 - c) + (1 - y) relu(c - margin)
/// over all pairs, each weighted by its score y: one that scores 0.7 is drawn together by 0.7 of a similar
/// pair's pull and pushed apart by 0.3 of a dissimilar one's push. Scores of 1 and 0 give what PyTorch's loss
/// of this name gives for targets of 1 and -1.
class CosineEmbeddingLoss final : public ScoredPairLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CosineSimilarityLoss"};
  struct Params {
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin)
          .doc("Dissimilar pairs with a smaller cosine are left alone.")
          .range(-1, 1);
    }
  };

  explicit CosineEmbeddingLoss(const Params& params) : params_(params) {}

  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    const auto distance = paired_distance(Distance::cosine, pairs.a, pairs.b);
    const auto apart = (1 - distance - params_.margin).relu();
    return (pairs.scores * distance + (1 - pairs.scores) * apart).mean();
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, CosineEmbeddingLoss, "kindred.cosine_embedding", "1.0.0",
                  "Cosines of 1 for similar pairs, below a margin for dissimilar ones");
}  // namespace kindred
