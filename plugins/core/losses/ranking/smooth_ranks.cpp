#include "smooth_ranks.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/losses/known_gradient.hpp"
#include "core/miners/positives.hpp"

namespace kindred {

at::Tensor sum_over_ranks(const at::Tensor& similarities, const PairMasks& masks, const at::Tensor& weight,
                          double temperature, const std::function<RankTerm(const SmoothRanks&)>& term) {
  at::Tensor value, gradient;
  {
    at::NoGradGuard no_grad;
    const auto s = similarities.detach();
    value = at::zeros({}, s.options());
    gradient = at::zeros_like(s);
    const auto positives = positive_lists(masks);
    const auto negatives = masks.negative.to(s.scalar_type());
    for (int64_t k = 0; k < positives.longest(); ++k) {
      const auto place = positives.column(k);                                                // (B, 1)
      const auto rows_weight = at::where(positives.has(k), weight, at::zeros_like(weight));  // none left: 0
      const auto sigma = ((s - s.gather(1, place)) / temperature).sigmoid();
      const auto others = masks.positive.scatter(1, place, false).to(s.scalar_type());
      const auto among = 1 + (sigma * others).sum(1);
      const SmoothRanks ranks = {among, among + (sigma * negatives).sum(1)};
      const auto one = term(ranks);
      value += (rows_weight * one.value).sum();
      // The gradient goes through sigma to all columns, and with the opposite sign to the positive itself.
      const auto by_positive = (rows_weight * (one.by_among + one.by_overall)).unsqueeze(1);
      const auto by_negative = (rows_weight * one.by_overall).unsqueeze(1);
      const auto slope = sigma * (1 - sigma) / temperature * (others * by_positive + negatives * by_negative);
      gradient += slope;
      gradient.scatter_add_(1, place, -slope.sum(1, true));
    }
  }
  return with_known_gradient(similarities, value, gradient);
}

}  // namespace kindred
