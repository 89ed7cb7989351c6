#include <ATen/ATen.h>

#include "contrastive.hpp"
#include "core/losses/pair_distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Contrastive loss on the signal-to-noise distance of normalised embeddings (Yuan et al. 2019, eqs. 3 and
/// 8).
class SignalToNoiseLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SNRContrastiveLoss", "SNR",
                                                 "SignalToNoiseRatioContrastiveLoss"};
  struct Params {
    double positive_margin = 0.0;
    double negative_margin = 1.0;
    static void describe(Schema<Params>& schema) {
      schema.field("positive_margin", &Params::positive_margin)
          .doc("Positive pairs nearer than this are left alone.")
          .range(0, 1000);
      schema.field("negative_margin", &Params::negative_margin)
          .doc("Negative pairs farther than this are left alone.")
          .range(0, 1000);
    }
  };

  explicit SignalToNoiseLoss(const Params& params)
      : shape_{params.positive_margin, params.negative_margin, false, true} {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    return contrastive_sums(distance_.matrix(batch), batch.masks, shape_);
  }

 private:
  ContrastiveShape shape_;
  PairDistance distance_{PairDistanceParams("snr")};
};

}  // namespace
KINDRED_COMPONENT(Loss, SignalToNoiseLoss, "kindred.signal_to_noise", "1.0.0",
                  "Contrastive loss on the variance of the difference over that of the anchor");
}  // namespace kindred
