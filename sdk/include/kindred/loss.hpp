#pragma once

#include "kindred/module.hpp"

namespace kindred {

/// A loss over labelled embeddings. [any thread, one at a time]
class __attribute__((visibility("default"))) Loss : public Module {
 public:
  static constexpr const char* kKind = "loss";
  static constexpr uint32_t kRevision = 1;

  /// Labels are the dataset's: whether two are equal is all that they say, and validation brings classes that
  /// training never saw. embeddings (B, D) float32 or float64, labels (B) int64 on the same device -> scalar
  /// of the same dtype, differentiable in `embeddings`. A batch without any pair or triplet gives a zero that
  /// still has a gradient path. Inputs are never changed.
  virtual at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) = 0;
};

}  // namespace kindred
