#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "angular_sums.hpp"
#include "core/losses/angles.hpp"
#include "core/losses/known_gradient.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Angular loss (Wang et al. 2017, eq. 8), t = tan^2 alpha:
///   l_ap = log(1 + sum_n exp(4 t (x_a + x_p) . x_n - 2 (1 + t) x_a . x_p))
/// over the negatives n of a, averaged over the positive pairs.
class AngularLoss final : public AnchorLoss {
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

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const bool is_one_batch = batch.references.is_same(batch.embeddings) && params_.normalize_negatives;
    if (is_one_batch && batch.embeddings.is_cpu()) return of_one_batch(batch);
    const auto x = l2_normalized(batch.embeddings), y = l2_normalized(batch.references);
    const auto dtype = x.scalar_type();
    const bool alike = params_.normalize_negatives;  // negatives are prepared as positives are
    const auto negatives = alike ? y : batch.references;
    const auto wide = alike ? dtype : at::kDouble;
    auto sum =
        sum_over_pairs(x.detach().to(wide), y.detach().to(wide), negatives.detach().to(wide), batch.masks);
    const auto of = alike ? at::cat({x, y}) : at::cat({x, y, negatives});
    const auto gradient = alike ? at::cat({sum.by_x, sum.by_y.add_(sum.by_negatives)})
                                : at::cat({sum.by_x, sum.by_y, sum.by_negatives});
    return one_sum(with_known_gradient(of, sum.value.to(dtype), gradient.to(dtype)), sum.count);
  }

 private:
  struct Sum {
    at::Tensor value, count;              ///< (): of the pairs
    at::Tensor by_x, by_y, by_negatives;  ///< (B, D), (R, D), (R, D): the gradients of `value`
  };

  LossSums of_one_batch(const PairBatch& batch) const {
    const auto s = cosine_similarities(batch);
    const auto chosen = batch.masks.positive.logical_and(has_negative(batch.masks).unsqueeze(1));
    const auto sums = angular_sums(s, chosen, batch.masks.negative, t_);
    return one_sum(with_known_gradient(s, sums.value, sums.gradient), chosen.sum());
  }

  /// x (B, D), y (R, D), negatives (R, D). exp(4 t (a + p).n) is a product of what a says of n and what p
  /// says of n, so the sum over n, for many pairs (a, p) at once, is a matrix product of exponentials, taken
  /// relative to the largest of each row. Those references that are a positive of any anchor come B at a time
  /// and their gradient is made on the way, so that memory is O(B R).
  Sum sum_over_pairs(const at::Tensor& x, const at::Tensor& y, const at::Tensor& negatives,
                     const PairMasks& masks) const {
    at::NoGradGuard no_grad;
    const int64_t batch = x.size(0);
    // Matrices (B, R) are changed in place, since they are what a part of a large batch needs memory for.
    const auto of_anchors =
        x.matmul(negatives.t()).mul_(4 * t_).masked_fill_(masks.negative.logical_not(), -kFar);
    const auto anchor_peak = of_anchors.amax(1, true);
    const auto anchor_share = of_anchors.sub_(anchor_peak).exp_();
    const auto chosen = masks.positive.logical_and(has_negative(masks).unsqueeze(1));
    auto sum = at::zeros({}, x.options()), by_share = at::zeros_like(anchor_share);
    auto by_x = at::zeros_like(x), by_y = at::zeros_like(y), by_negatives = at::zeros_like(y);
    const auto all_positives = chosen.any(0).nonzero().squeeze(1);
    for (int64_t first = 0; first < all_positives.numel(); first += batch) {
      const auto columns = all_positives.slice(0, first, first + batch);  // (T)
      const auto p = y.index_select(0, columns);                          // (T, D)
      const auto of_positives = p.matmul(negatives.t()).mul_(4 * t_);     // (T, R)
      const auto positive_peak = of_positives.amax(1, true);
      const auto positive_share = of_positives.sub_(positive_peak).exp_();
      const auto shares = anchor_share.matmul(positive_share.t())
                              .clamp_min(x.scalar_type() == at::kDouble ? 1e-300 : kTiny);  // (B, T)
      const auto log_sum = shares.log() + anchor_peak + positive_peak.t() - 2 * (1 + t_) * x.matmul(p.t());
      const auto weight = chosen.index_select(1, columns).to(x.scalar_type());
      sum += (weight * log_one_plus_exp(log_sum)).sum();
      const auto slope = weight * log_sum.sigmoid(), by_sum = slope / shares;
      by_share.addmm_(by_sum, positive_share);
      const auto by_positives = by_sum.t().matmul(anchor_share).mul_(positive_share).mul_(4 * t_);  // (T, R)
      by_x -= 2 * (1 + t_) * slope.matmul(p);
      by_y.index_add_(0, columns, by_positives.matmul(negatives) - 2 * (1 + t_) * slope.t().matmul(x));
      by_negatives.addmm_(by_positives.t(), p);
    }
    const auto by_anchors = by_share.mul_(anchor_share).mul_(4 * t_);  // (B, R)
    by_x.addmm_(by_anchors, negatives);
    by_negatives.addmm_(by_anchors.t(), x);
    return {sum, chosen.sum(), by_x, by_y, by_negatives};
  }

  static constexpr double kFar = 1e30, kTiny = 1e-30;
  Params params_;
  double t_;
};

}  // namespace
KINDRED_COMPONENT(Loss, AngularLoss, "kindred.angular", "1.0.0",
                  "Bounds the angle at the negative of every triplet");
}  // namespace kindred
