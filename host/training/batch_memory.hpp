#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "kindred/module.hpp"
#include "kindred/pairs.hpp"

namespace kindred::host {

/// Cross-batch memory (Wang et al. 2020, section 3.2): the newest embeddings of earlier batches, without
/// gradients, in a ring.
class BatchMemory {
 public:
  /// For `size` embeddings of `dimension` numbers.
  BatchMemory(int64_t size, int64_t dimension, at::Device device);

  /// embeddings (B, D), labels int64 (B), samples int64 (B): what of the batch and of the memory is compared.
  /// A remembered embedding of the very sample is neither a positive nor a negative: it is the sample as it
  /// was.
  PairBatch compared(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& samples) const;

  /// Remembers a batch; of more than fit, the last.
  void add(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& samples);

  int64_t count() const;

  /// For checkpoints.
  std::vector<NamedTensor> tensors() const;

 private:
  at::Tensor embeddings_, labels_, samples_;  ///< (size, D), (size), (size)
  at::Tensor added_;                          ///< int64 (1) on the CPU: how many were ever added
};

}  // namespace kindred::host
