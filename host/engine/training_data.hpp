#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kindred::host {

/// Encoder embeddings for the trainer, whether they come from the cache or from an encoder that learns.
class TrainingData {
 public:
  virtual ~TrainingData() = default;

  /// int64 (N) on the CPU: labels of the training rows, by which samplers choose.
  virtual const at::Tensor& labels() const = 0;

  /// Announces the batches that next() will be asked for, each int64 (B) rows of [0, N).
  virtual void start_epoch(const std::vector<at::Tensor>& batches, int64_t epoch) = 0;

  struct Step {
    at::Tensor embeddings;  ///< float32 (B, D) on the device, with a graph when the encoder learns
    at::Tensor labels;      ///< int64 (B) on the device
  };
  /// The next announced batch. May be smaller than announced when samples could not be read.
  virtual Step next() = 0;

  /// float32 (N, D) of the training rows, for closed-form heads; no gradients.
  virtual at::Tensor all_train_embeddings() = 0;

  /// Validation rows: float32 (V, D) in evaluation mode without gradients, and int64 (V) on the CPU.
  /// V = 0 when there are none.
  virtual at::Tensor validation_embeddings() = 0;
  virtual const at::Tensor& validation_labels() const = 0;

  /// Called around epochs: only a learning encoder cares.
  virtual void train_encoder(bool on) { (void)on; }
};

}  // namespace kindred::host
