#include <ATen/ATen.h>

#include "core/losses/angles.hpp"
#include "core/losses/chosen_entries.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Tuplet margin loss (Yu, Tao 2019, eq. 4), on angles theta between embeddings:
///   l_ap = log(1 + sum_n exp(scale (cos theta_an - cos(theta_ap - margin))))
/// averaged over the positive pairs. In float32 the gradient of positives less than 0.01 radians apart is
/// known to a few thousandths only, since their cosine rounds to that of no angle.
class TupletMarginLoss final : public AnchorLoss {
 public:
  struct Params {
    double margin = 0.1;
    double scale = 64.0;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin)
          .doc("Slack of the positives' angle.")
          .unit("radians")
          .range(0, 1.5);
      schema.field("scale", &Params::scale).doc("Factor on the cosines.").range(0.01, 10000);
    }
  };

  explicit TupletMarginLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto cosine = cosine_similarities(batch);
    const auto negatives = masked_logsumexp(params_.scale * cosine, batch.masks.negative, kNothing);
    const ChosenEntries positives(batch.masks.positive);
    const auto own = params_.scale * cosine_of_shifted(positives.of(cosine), -params_.margin);
    return positives.sums(log_one_plus_exp(positives.of_rows(negatives) - own));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, TupletMarginLoss, "kindred.tuplet_margin", "1.0.0",
                  "Each positive pair against all negatives of its anchor, with slack in the angle");
}  // namespace kindred
