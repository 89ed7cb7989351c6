#include "kindred/pairs.hpp"

#include <ATen/ATen.h>

namespace kindred {

PairMasks pair_masks(const at::Tensor& labels) {
  return pair_masks(labels, at::arange(labels.size(0), labels.options()));
}

PairMasks pair_masks(const at::Tensor& labels, const at::Tensor& anchors) {
  const auto same = labels.index_select(0, anchors).unsqueeze(1) == labels.unsqueeze(0);
  return {same.scatter(1, anchors.unsqueeze(1), false), same.logical_not()};
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
