#pragma once

#include <string>
#include <vector>

#include "kindred/dataset.hpp"
#include "kindred/image.hpp"
#include "kindred/module.hpp"

namespace kindred {

/// Object batch -> embeddings. The host decides whether it is trained; a frozen encoder is always in
/// evaluation mode and runs without gradients.
///
/// An encoder is a chain of named stages; after each but the last one the host may cut, keep the map
/// that comes out, and later continue from there. An encoder that cannot be cut has one stage.
/// [any thread, one at a time]
class __attribute__((visibility("default"))) Encoder : public Module {
 public:
  static constexpr const char* kKind = "encoder";
  static constexpr uint32_t kRevision = 1;

  /// What it reads.
  virtual ObjectKind object_kind() const = 0;

  /// D of the embeddings, or 0 when it is that of the input (identity).
  virtual int64_t dimension() const = 0;

  /// Names of the stages in order, at least one: {"stem", "layer1", ..., "pool"}.
  virtual std::vector<std::string> stages() const { return {"encoder"}; }

  /// The input of stage 0 from a batch, on the device of `batch.data`: normalised pictures
  /// (B, 3, H, W), or the vectors.
  virtual at::Tensor prepare(const Batch& batch) const { return normalized_images(batch); }

  /// Runs the stages [first, last). The output of the last stage is float32 (B, D).
  virtual at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) = 0;

  /// Batch -> float32 (B, D).
  at::Tensor encode(const Batch& batch) {
    return run_stages(prepare(batch), 0, static_cast<int64_t>(stages().size()));
  }
};

}  // namespace kindred
