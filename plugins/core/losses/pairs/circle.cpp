#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Circle loss (Sun et al. 2020, eqs. 4 to 6, 8), on cosine similarities s, with m = relaxation, per anchor:
///   log(1 + sum_n exp(gamma a_n (s_n - m)) sum_p exp(-gamma a_p (s_p - 1 + m)))
///   a_p = relu(1 + m - s_p), a_n = relu(s_n + m), without a gradient
/// averaged over the anchors whose loss is above zero.
class CircleLoss final : public AnchorLoss {
 public:
  struct Params {
    double relaxation = 0.4;
    double gamma = 80.0;
    static void describe(Schema<Params>& schema) {
      schema.field("relaxation", &Params::relaxation)
          .doc("m: positives aim at 1 - m, negatives at m.")
          .range(-1, 1);
      schema.field("gamma", &Params::gamma).doc("Scale of the similarities.").range(0.01, 10000);
    }
  };

  explicit CircleLoss(const Params& params) : params_(params) {}

  LossTraits traits() const override {
    auto out = AnchorLoss::traits();
    out.constant_factors = true;
    return out;
  }

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const double m = params_.relaxation;
    const auto s = cosine_similarities(batch);
    const auto fixed = s.detach();
    const auto& masks = batch.masks;
    const auto negative = masked_logsumexp(params_.gamma * (fixed + m).relu() * (s - m), masks.negative, 0);
    const auto positive =
        masked_logsumexp(-params_.gamma * (1 + m - fixed).relu() * (s - (1 - m)), masks.positive, 0);
    const auto loss = log_one_plus_exp(negative + positive);
    return sums_of_chosen(loss, has_positive(masks).logical_and(has_negative(masks)).logical_and(loss > 0));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, CircleLoss, "kindred.circle", "1.0.0",
                  "Weights each pair by how far it is from its optimum");
}  // namespace kindred
