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
  const auto of_anchors = labels.index_select(0, anchors).unsqueeze(1);
  auto same_class = of_anchors == labels.unsqueeze(0);
  const auto other_class = same_class.logical_not();
  same_class.scatter_(1, anchors.unsqueeze(1), false);  // no sample is its own positive
  if (!remembered.defined()) return {same_class, other_class};
  const auto as_remembered = of_anchors == remembered_labels.unsqueeze(0);
  const auto another = samples.index_select(0, anchors).unsqueeze(1) != remembered_samples.unsqueeze(0);
  return {at::cat({same_class, as_remembered.logical_and(another)}, 1),
          at::cat({other_class, as_remembered.logical_not()}, 1)};
}

}  // namespace kindred::host
