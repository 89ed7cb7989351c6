#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Supervised contrastive loss (Khosla et al. 2020, eq. 2), on cosine similarities s:
///   l_i = -1/|P(i)| sum_{p in P(i)} ( s_ip / temperature - log sum_a exp(s_ia / temperature) )
/// over a in P(i) and N(i), averaged over the anchors that have a positive.
class SupervisedContrastiveLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SupCon", "SupConLoss"};
  struct Params {
    double temperature = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature)
          .doc("Smaller values let the hardest pairs dominate.")
          .range(0.001, 100);
    }
  };

  explicit SupervisedContrastiveLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto& masks = batch.masks;
    const auto logits = cosine_similarities(batch) / params_.temperature;
    const auto all = masked_logsumexp(logits, masks.positive.logical_or(masks.negative), 0);
    const auto count = counts_of_chosen(masks.positive);
    const auto pull = logits.masked_fill(masks.positive.logical_not(), 0).sum(1) /
                      count.clamp_min(1).to(logits.scalar_type());
    return sums_of_chosen(all - pull, count > 0);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SupervisedContrastiveLoss, "kindred.supervised_contrastive", "1.0.0",
                  "Pulls every sample of a class together against all others of the batch");
}  // namespace kindred
