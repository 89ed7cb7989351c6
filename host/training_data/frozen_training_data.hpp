#pragma once

#include "host/encoding/feature_views.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// Embeddings that never change: an epoch is index_select of the sampler's rows, no work per sample.
class FrozenTrainingData final : public TrainingData {
 public:
  /// `encoded` holds embeddings of all samples; it must outlive this.
  FrozenTrainingData(const Dataset& dataset, const ClassSplit& split, const FeatureViews& encoded,
                     at::Device device);

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) override;
  Step next() override;
  void keep_train_rows(const std::vector<SampleIndex>& samples) override;
  at::Tensor train_embeddings() override { return train_; }
  at::Tensor validation_embeddings() override { return validation_; }

 protected:
  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t view) override;

 private:
  const FeatureViews& encoded_;
  at::Device device_;
  at::Tensor train_, validation_, device_labels_, device_samples_;
  std::vector<at::Tensor> batches_;
  size_t position_ = 0;
};

}  // namespace kindred::host
