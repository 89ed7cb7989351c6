#include "core/losses/pair_terms.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "kindred/distance.hpp"

namespace kindred {

at::Tensor mean_of_chosen(const at::Tensor& values, const at::Tensor& chosen) {
  const auto kept = at::where(chosen, values, at::zeros_like(values));
  return kept.sum() / chosen.sum().clamp_min(1).to(values.scalar_type());
}

at::Tensor mean_of_active(const at::Tensor& values) { return mean_of_chosen(values, values > 0); }

at::Tensor cosine_similarities(const PairBatch& batch) {
  const auto x = l2_normalized(batch.embeddings);
  const bool itself = batch.references.is_same(batch.embeddings);
  return inner_products(x, itself ? x : l2_normalized(batch.references));
}

at::Tensor masked_logsumexp(const at::Tensor& x, const at::Tensor& chosen, double empty) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto some = chosen.any(1, true);
  // A row of infinities would have a gradient of NaN; an empty row is computed on zeros and then replaced.
  const auto kept = x.masked_fill(chosen.logical_not(), -infinity).masked_fill(some.logical_not(), 0);
  return kept.logsumexp({1}).masked_fill(some.squeeze(1).logical_not(), empty);
}

at::Tensor log_one_plus_exp(const at::Tensor& x) { return at::softplus(x, 1, 45); }

at::Tensor has_positive(const PairMasks& masks) { return masks.positive.any(1); }
at::Tensor has_negative(const PairMasks& masks) { return masks.negative.any(1); }

}  // namespace kindred
