#include "kindred/pairs.hpp"

#include <ATen/ATen.h>

namespace kindred {

PairMasks pair_masks(const at::Tensor& labels) {
  const auto same = labels.unsqueeze(1) == labels.unsqueeze(0);
  const auto self = at::eye(labels.size(0), same.options());
  return {same.logical_and(self.logical_not()), same.logical_not()};
}

PairBatch pair_batch(const at::Tensor& embeddings, const at::Tensor& labels) {
  return {embeddings, embeddings, pair_masks(labels), {}};
}

PairMasks masks_of(const Triplets& triplets, int64_t rows, int64_t columns) {
  const auto marked = [&](const at::Tensor& others) {
    auto mask = at::zeros({rows * columns}, triplets.anchors.options().dtype(at::kBool));
    return mask.index_fill_(0, triplets.anchors * columns + others, true).view({rows, columns});
  };
  return {marked(triplets.positives), marked(triplets.negatives)};
}

}  // namespace kindred
