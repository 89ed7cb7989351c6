#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kindred/dataset.hpp"
#include "kindred/image.hpp"
#include "kindred/module.hpp"

namespace kindred {

/// Object batch -> embeddings. The host decides what of it is trained; a frozen encoder is always in
/// evaluation mode and runs without gradients.
///
/// An encoder is a chain of named stages. Before each of them the host may cut: it freezes the stages in
/// front, keeps the maps that come out of them, and trains the rest from there. An encoder that cannot be
/// cut has one stage. [any thread, one at a time; see also runs_side_by_side()]
class __attribute__((visibility("default"))) Encoder : public Module {
 public:
  static constexpr const char* kKind = "encoder";
  static constexpr uint32_t kRevision = 5;

  /// What it reads.
  virtual ObjectKind object_kind() const = 0;

  /// D of the embeddings, or 0 when it is that of the input (identity).
  virtual int64_t dimension() const = 0;

  /// Names of the stages in order, at least one: {"stem", "layer1", ..., "pool"}.
  virtual std::vector<std::string> stages() const { return {"encoder"}; }

  /// Place in stages() of the stage that uses a tensor; `name` is one of parameters() or buffers().
  virtual int64_t stage_of(const std::string& name) const {
    (void)name;
    return 0;
  }

  /// While on, batch norms stay in evaluation mode also after train(true): they use their running
  /// statistics and leave them alone. Scale and shift are trained all the same. Off at first.
  virtual void freeze_batch_norms(bool on) { (void)on; }

  /// Says whether run_stages() takes bfloat16 maps.
  virtual bool runs_in_bfloat16() const { return false; }

  /// The input of stage 0 from a batch, on the device of `batch.data`: normalised pictures
  /// (B, 3, H, W) of `dtype`, the vectors, or tokens of texts.
  virtual at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const {
    return normalized_images(batch, dtype);
  }

  /// Runs the stages [first, last), each in the dtype of its input: float32, or bfloat16 where
  /// runs_in_bfloat16(). The output of the last stage is float32 (B, D). Stages that are frozen run in
  /// evaluation mode and without gradients after prepare_for_inference(), so they may use what it derived;
  /// with gradients, or after train(true), they must compute from the tensors.
  virtual at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) = 0;

  /// Sentences about how it was made that a user should know, such as what was dropped from the names of its
  /// weights (see io/weights.hpp). The host writes them to the log.
  virtual std::vector<std::string> notes() const { return {}; }

  /// Says whether several threads may call prepare() and run_stages() at once in evaluation mode and without
  /// gradients, and whether each sample of a batch is treated alone. Then the host divides batches among its
  /// threads on the CPU, where they need not wait for each other at the end of every loop.
  virtual bool runs_side_by_side() const { return false; }

  /// Batch -> float32 (B, D).
  at::Tensor encode(const Batch& batch) {
    return run_stages(prepare(batch, at::kFloat), 0, static_cast<int64_t>(stages().size()));
  }

  /// What comes out of each stage for one sample, without the batch dimension: {{32, 112, 112}, ..., {1280}}.
  /// `sample`: a batch of one, whose content does not matter. Runs it once without gradients, in the mode
  /// that train() left.
  std::vector<std::vector<int64_t>> stage_shapes(const Batch& sample);
};

}  // namespace kindred
