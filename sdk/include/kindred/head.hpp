#pragma once

#include "kindred/module.hpp"

namespace kindred {

/// Embeddings (B, D) -> embeddings (B, D'). Constructed with `Site::input_dimension` = D; initial values
/// come from the global LibTorch generator, which the host seeds. [any thread, one at a time]
class __attribute__((visibility("default"))) Head : public Module {
 public:
  static constexpr const char* kKind = "head";
  static constexpr uint32_t kRevision = 2;

  virtual int64_t output_dimension() const = 0;

  /// float32 (B, D) -> float32 (B, D').
  virtual at::Tensor forward(const at::Tensor& embeddings) = 0;

  /// Says whether fit() must be called before forward().
  virtual bool needs_fit() const { return false; }

  /// A closed-form step on the training samples, called once before the first epoch, without gradients:
  /// embeddings float32 (N, D), labels int64 (N) on the CPU. Behind an encoder that learns it is called after
  /// the last epoch, unless the head or one behind it has parameters(). Writes its result to buffers(), which
  /// have their final shapes from construction.
  virtual void fit(const at::Tensor& embeddings, const at::Tensor& labels) {
    (void)embeddings;
    (void)labels;
  }
};

}  // namespace kindred
