#include "host/training/compared_samples.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

int64_t ComparedSamples::references() const {
  return embeddings.size(0) + (remembered.defined() ? remembered.size(0) : 0);
}

PairBatch ComparedSamples::batch() const {
  auto all = anchors(0, embeddings.size(0));
  all.embeddings = embeddings;
  return all;
}

PairBatch ComparedSamples::anchors(int64_t first, int64_t end) const {
  PairBatch out;
  out.embeddings = embeddings.slice(0, first, end);
  out.references = embeddings;
  const auto of_anchors = labels.slice(0, first, end).unsqueeze(1);
  out.masks.positive = of_anchors == labels.unsqueeze(0);
  out.masks.negative = out.masks.positive.logical_not();
  out.masks.positive.diagonal(first).fill_(false);
  if (!remembered.defined()) return out;
  out.references = at::cat({embeddings, remembered});
  const auto same_class = of_anchors == remembered_labels.unsqueeze(0);
  const auto same_sample = samples.slice(0, first, end).unsqueeze(1) == remembered_samples.unsqueeze(0);
  out.masks.positive = at::cat({out.masks.positive, same_class.logical_and(same_sample.logical_not())}, 1);
  out.masks.negative = at::cat({out.masks.negative, same_class.logical_not()}, 1);
  return out;
}

}  // namespace kindred::host
