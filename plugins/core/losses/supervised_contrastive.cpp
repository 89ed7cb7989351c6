#include <ATen/ATen.h>

#include <limits>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pairs.hpp"

namespace kindred {
namespace {

/// Supervised contrastive loss (Khosla et al. 2020, eq. 2), on cosine similarities s:
///   l_i = -1/|P(i)| sum_{p in P(i)} ( s_ip / temperature - log sum_{a != i} exp(s_ia / temperature) )
/// averaged over the anchors that have a positive.
class SupervisedContrastiveLoss final : public Loss {
 public:
  struct Params {
    double temperature = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature)
          .doc("Smaller values let the hardest pairs dominate.")
          .range(0.001, 100);
    }
  };

  explicit SupervisedContrastiveLoss(const Params& params) : params_(params) {}

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto x = l2_normalized(embeddings);
    const auto masks = pair_masks(labels);
    const auto self = masks.positive.logical_or(masks.negative).logical_not();
    const auto logits =
        (x.matmul(x.t()) / params_.temperature).masked_fill(self, -std::numeric_limits<double>::infinity());
    const auto anchors = masks.positive.any(1).nonzero().squeeze(1);
    if (anchors.numel() == 0) return embeddings.sum() * 0;
    const auto positive = masks.positive.index_select(0, anchors);
    const auto rows = logits.index_select(0, anchors);
    const auto pull =
        rows.masked_fill(positive.logical_not(), 0.0).sum(1) / positive.sum(1).to(rows.scalar_type());
    return (rows.logsumexp({1}) - pull).mean();
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SupervisedContrastiveLoss, "kindred.supervised_contrastive", "1.0.0",
                  "Pulls every sample of a class together against all others of the batch");
}  // namespace kindred
