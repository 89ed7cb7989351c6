#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Contrastive loss on the pairs of a batch (Hadsell, Chopra, LeCun 2006, eq. 4, with linear terms unless
/// `squared`):
///   1/2 mean d_p + 1/2 mean relu(margin - d_n)
/// over all pairs, or per anchor over its farthest positive and its nearest negative.
class OnlineContrastiveLoss final : public PairLoss {
 public:
  struct Params : PairDistanceParams {
    std::string mining = "hard";
    double margin = 0.5;
    bool squared = false;
    static void describe(Schema<Params>& schema) {
      schema.field("mining", &Params::mining)
          .doc("All pairs, or the hardest positive and negative of each anchor.")
          .one_of({"all", "hard"});
      schema.field("margin", &Params::margin)
          .doc("Negative pairs farther than this are left alone.")
          .range(0, 1000);
      schema.field("squared", &Params::squared).doc("Squares both terms.");
      describe_distance(schema);
    }
  };

  explicit OnlineContrastiveLoss(const Params& params) : params_(params), distance_(params) {}

  at::Tensor forward_pairs(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    const auto& masks = batch.masks;
    if (params_.mining == "all") return half_sum(d, masks.positive, d, masks.negative);
    const auto farthest = d.masked_fill(masks.positive.logical_not(), -kInfinity).amax(1);
    const auto nearest = d.masked_fill(masks.negative.logical_not(), kInfinity).amin(1);
    return half_sum(farthest, has_positive(masks), nearest, has_negative(masks));
  }

 private:
  at::Tensor half_sum(const at::Tensor& positives, const at::Tensor& are_positive,
                      const at::Tensor& negatives, const at::Tensor& are_negative) const {
    const auto term = [&](const at::Tensor& x, const at::Tensor& chosen) {
      return mean_of_chosen(params_.squared ? x.square() : x, chosen);
    };
    return 0.5 * (term(positives, are_positive) + term((params_.margin - negatives).relu(), are_negative));
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Loss, OnlineContrastiveLoss, "kindred.online_contrastive", "1.0.0",
                  "Contrastive loss over all or the hardest pairs of a batch");
}  // namespace kindred
