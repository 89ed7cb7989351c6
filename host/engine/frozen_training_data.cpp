#include "host/engine/frozen_training_data.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

FrozenTrainingData::FrozenTrainingData(at::Tensor train, at::Tensor train_labels, at::Tensor validation,
                                       at::Tensor validation_labels)
    : train_(std::move(train)),
      train_labels_(std::move(train_labels)),
      device_labels_(train_labels_.to(train_.device())),
      validation_(std::move(validation)),
      validation_labels_(std::move(validation_labels)) {}

void FrozenTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t) {
  batches_ = batches;
  position_ = 0;
}

TrainingData::Step FrozenTrainingData::next() {
  const auto rows = batches_.at(position_++).to(train_.device());
  return {train_.index_select(0, rows), device_labels_.index_select(0, rows)};
}

}  // namespace kindred::host
