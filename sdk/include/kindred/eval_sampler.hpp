#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred {

/// Chooses which samples are queries; what is searched among stays as it is. [any thread, one at a time]
class __attribute__((visibility("default"))) EvalSampler {
 public:
  static constexpr const char* kKind = "eval_sampler";
  static constexpr uint32_t kRevision = 1;
  virtual ~EvalSampler() = default;

  /// int64 (Q) distinct row numbers in ascending order, from labels int64 (N) on the CPU: of the samples that
  /// may be queries, each of which has something relevant to find. N may be 0.
  virtual at::Tensor queries(const at::Tensor& labels, uint64_t seed) = 0;
};

}  // namespace kindred
