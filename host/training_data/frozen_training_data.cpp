#include "host/training_data/frozen_training_data.hpp"

#include <ATen/ATen.h>

#include "host/data/views.hpp"

namespace kindred::host {

FrozenTrainingData::FrozenTrainingData(const Dataset& dataset, const ClassSplit& split,
                                       const FeatureViews& encoded, at::Device device)
    : TrainingData(dataset, split),
      encoded_(encoded),
      device_(device),
      validation_(FrozenTrainingData::embed_here(validation_rows_, kPlainView)) {
  FrozenTrainingData::keep_train_rows(train_rows_);
}

void FrozenTrainingData::keep_train_rows(const std::vector<SampleIndex>& samples) {
  if (train_.defined() && samples == train_rows_) return;
  TrainingData::keep_train_rows(samples);
  train_ = FrozenTrainingData::embed_here(train_rows_, kPlainView);
  device_labels_ = train_labels_.to(device_);
  device_samples_ = tensor_of(train_rows_).to(device_);
}

void FrozenTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t) {
  batches_.clear();
  for (const auto& batch : batches) batches_.push_back(part_of_batch(batch));
  position_ = static_cast<size_t>(first);
}

TrainingData::Step FrozenTrainingData::next() {
  const auto rows = batches_.at(position_++).to(device_);
  return {device_labels_.index_select(0, rows), device_samples_.index_select(0, rows),
          [embeddings = train_.index_select(0, rows)](const at::Tensor& places) {
            return chosen_rows(embeddings, places);
          }};
}

at::Tensor FrozenTrainingData::embed_here(std::vector<SampleIndex>& samples, int64_t view) {
  std::vector<SampleView> which;
  for (auto sample : samples) which.push_back({sample, present_view(view)});
  return encoded_.gather(which, at::kFloat).to(device_);
}

}  // namespace kindred::host
