#include "core/losses/pair_terms.hpp"

#include <ATen/ATen.h>

#include "kindred/distance.hpp"

namespace kindred {

at::Tensor cosine_similarities(const PairBatch& batch) {
  const auto x = l2_normalized(batch.embeddings);
  const bool itself = batch.references.is_same(batch.embeddings);
  return inner_products(x, itself ? x : l2_normalized(batch.references));
}

at::Tensor log_one_plus_exp(const at::Tensor& x) { return at::softplus(x, 1, 45); }

at::Tensor has_positive(const PairMasks& masks) { return counts_of_chosen(masks.positive) > 0; }
at::Tensor has_negative(const PairMasks& masks) { return counts_of_chosen(masks.negative) > 0; }

}  // namespace kindred
