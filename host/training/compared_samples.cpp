#include "host/training/compared_samples.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

int64_t ComparedSamples::references() const {
  return embeddings.size(0) + (remembered.defined() ? remembered.size(0) : 0);
}

PairBatch ComparedSamples::batch() const {
  return {embeddings, all_references(), masks(at::arange(labels.size(0), labels.options())), {}};
}

PairBatch ComparedSamples::rows(const at::Tensor& anchors) const {
  return {embeddings.index_select(0, anchors), all_references(), masks(anchors), {}};
}

at::Tensor ComparedSamples::all_references() const {
  return remembered.defined() ? at::cat({embeddings, remembered}) : embeddings;
}

PairMasks ComparedSamples::masks(const at::Tensor& anchors) const {
  const auto within = pair_masks(labels, anchors);
  if (!remembered.defined()) return within;
  const auto as_remembered = labels.index_select(0, anchors).unsqueeze(1) == remembered_labels.unsqueeze(0);
  const auto another = samples.index_select(0, anchors).unsqueeze(1) != remembered_samples.unsqueeze(0);
  return {at::cat({within.positive, as_remembered.logical_and(another)}, 1),
          at::cat({within.negative, as_remembered.logical_not()}, 1)};
}

}  // namespace kindred::host
