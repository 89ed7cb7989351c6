#include <ATen/ATen.h>

#include <cmath>

#include "angles.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pairs.hpp"

namespace kindred {
namespace {

/// Angular loss (Wang et al. 2017, eq. 8), t = tan^2 alpha:
///   l_ap = log(1 + sum_n exp(4 t (x_a + x_p) . x_n - 2 (1 + t) x_a . x_p))
/// over the negatives n of a, averaged over the positive pairs.
class AngularLoss final : public PairLoss {
 public:
  struct Params {
    double alpha = 40.0;
    bool normalize_negatives = true;
    static void describe(Schema<Params>& schema) {
      schema.field("alpha", &Params::alpha)
          .doc("Upper bound of the angle at the negative.")
          .unit("degrees")
          .range(1, 60);
      schema.field("normalize_negatives", &Params::normalize_negatives)
          .doc("Negatives are brought to length 1 like the others; pytorch-metric-learning leaves them.");
    }
  };

  explicit AngularLoss(const Params& params)
      : params_(params), t_(std::pow(std::tan(radians(params.alpha)), 2)) {}

  at::Tensor forward_pairs(const PairBatch& batch) override {
    const auto x = l2_normalized(batch.embeddings), y = l2_normalized(batch.references);
    const auto negatives = params_.normalize_negatives ? y : batch.references;
    // exp(4 t (a + p).n) is a product of what a says of n and what p says of n, so the sum over n, for all
    // pairs (a, p) at once, is a matrix product of exponentials; taken relative to the largest of each row.
    const auto of_anchor =
        (4 * t_ * x.matmul(negatives.t())).masked_fill(batch.masks.negative.logical_not(), -kFar);  // (B, R)
    const auto of_positive = 4 * t_ * y.matmul(negatives.t());                                      // (R, R)
    const auto anchor_peak = of_anchor.detach().amax(1, true),
               positive_peak = of_positive.detach().amax(1, true);
    const auto sum =
        (of_anchor - anchor_peak).exp().matmul((of_positive - positive_peak).exp().t());  // (B, R)
    const auto shift = anchor_peak + positive_peak.t() - 2 * (1 + t_) * x.matmul(y.t());
    const auto some = has_negative(batch.masks).unsqueeze(1);
    const auto log_sum = sum.clamp_min(kTiny).log() + shift;
    return mean_of_chosen(log_one_plus_exp(log_sum), batch.masks.positive.logical_and(some));
  }

 private:
  static constexpr double kFar = 1e4, kTiny = 1e-30;
  Params params_;
  double t_;
};

}  // namespace
KINDRED_COMPONENT(Loss, AngularLoss, "kindred.angular", "1.0.0",
                  "Bounds the angle at the negative of every triplet");
}  // namespace kindred
