#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kindred {

/// Chooses which samples form the batches of an epoch. [any thread, one at a time]
class __attribute__((visibility("default"))) BatchSampler {
 public:
  static constexpr const char* kKind = "batch_sampler";
  static constexpr uint32_t kRevision = 1;
  virtual ~BatchSampler() = default;

  /// The batches of one epoch: int64 (B_i) row numbers in [0, N) each, from labels int64 (N) on the CPU.
  /// The same (labels, seed, epoch) give the same batches.
  virtual std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) = 0;
};

}  // namespace kindred
