#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "host/training/compared_samples.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// Cross-batch memory (Wang et al. 2020, section 3.2): the newest embeddings of earlier batches, without
/// gradients, in a ring.
class BatchMemory {
 public:
  /// The memory has room for `size` embeddings of `dimension` numbers.
  BatchMemory(int64_t size, int64_t dimension, at::Device device);

  /// Returns what of the batch and of the memory is compared; embeddings (B, D), labels int64 (B), samples
  /// int64 (B). A remembered embedding of the very sample is neither a positive nor a negative: it is the
  /// sample as it was.
  ComparedSamples compared(const at::Tensor& embeddings, const at::Tensor& labels,
                           const at::Tensor& samples) const;

  /// Remembers a batch; where it has more samples than fit, the last ones.
  void add(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& samples);

  int64_t count() const;

  /// Returns the tensors that a checkpoint saves.
  std::vector<NamedTensor> tensors() const;

 private:
  at::Tensor embeddings_, labels_, samples_;  ///< (size, D), (size), (size)
  at::Tensor added_;                          ///< int64 (1) on the CPU: how many were ever added
};

}  // namespace kindred::host
