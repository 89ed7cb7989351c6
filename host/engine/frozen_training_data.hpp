#pragma once

#include "host/engine/training_data.hpp"

namespace kindred::host {

/// Embeddings that never change: an epoch is index_select of the sampler's rows, no work per sample.
class FrozenTrainingData final : public TrainingData {
 public:
  /// Embeddings float32 (N, D) and (V, D) on the device, labels int64 (N) and (V) on the CPU.
  FrozenTrainingData(at::Tensor train, at::Tensor train_labels, at::Tensor validation,
                     at::Tensor validation_labels);

  const at::Tensor& labels() const override { return train_labels_; }
  void start_epoch(const std::vector<at::Tensor>& batches, int64_t epoch) override;
  Step next() override;
  at::Tensor all_train_embeddings() override { return train_; }
  at::Tensor validation_embeddings() override { return validation_; }
  const at::Tensor& validation_labels() const override { return validation_labels_; }

 private:
  at::Tensor train_, train_labels_, device_labels_, validation_, validation_labels_;
  std::vector<at::Tensor> batches_;
  size_t position_ = 0;
};

}  // namespace kindred::host
