#include "host/engine/learning_training_data.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/engine/encode.hpp"

namespace kindred::host {

LearningTrainingData::LearningTrainingData(const Pipeline& pipeline, const Dataset& dataset,
                                           const Components& parts, Model& model, const ClassSplit& split,
                                           at::Device device, bool quiet)
    : pipeline_(pipeline),
      dataset_(dataset),
      parts_(parts),
      model_(model),
      device_(device),
      quiet_(quiet),
      train_rows_(split.train),
      validation_rows_(split.validation),
      train_labels_(labels_of(split.train)),
      validation_labels_(labels_of(split.validation)) {}

at::Tensor LearningTrainingData::labels_of(const std::vector<int64_t>& rows) const {
  auto out = at::empty({static_cast<int64_t>(rows.size())}, at::kLong);
  auto* values = out.data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) values[i] = dataset_.labels()[static_cast<size_t>(rows[i])];
  return out;
}

void LearningTrainingData::note_skipped(const std::vector<SkippedSample>& skipped) {
  for (const auto& one : skipped) {
    const bool known = std::any_of(skipped_.begin(), skipped_.end(),
                                   [&](const SkippedSample& other) { return other.index == one.index; });
    if (!known) skipped_.push_back(one);
  }
}

void LearningTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t epoch) {
  std::vector<std::vector<int64_t>> indices;
  for (const auto& batch : batches) {
    const auto plain = batch.contiguous();
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < plain.numel(); ++i) {
      rows.push_back(train_rows_.at(static_cast<size_t>(plain.data_ptr<int64_t>()[i])));
    }
    indices.push_back(std::move(rows));
  }
  BatchLoader::Options options;
  options.threads = pipeline_.data.threads;
  options.seed = static_cast<uint64_t>(pipeline_.root.seed);
  options.epoch = epoch + 1;
  loader_.reset();  // the old one's threads end first
  loader_ = std::make_unique<BatchLoader>(dataset_, parts_.train_transforms, std::move(indices), options);
}

TrainingData::Step LearningTrainingData::next() {
  auto loaded = loader_->next();
  note_skipped(loaded.skipped);
  if (loaded.indices.empty()) return {at::empty({0, model_.embedding_dimension}), at::empty({0}, at::kLong)};
  auto labels = labels_of(loaded.indices).to(device_);
  loaded.batch.data = loaded.batch.data.to(device_);
  return {model_.encode(loaded.batch), labels};
}

at::Tensor LearningTrainingData::all_train_embeddings() {
  auto embeddings = embed(train_rows_);
  train_labels_ = labels_of(train_rows_);
  return embeddings;
}

at::Tensor LearningTrainingData::validation_embeddings() {
  auto embeddings = embed(validation_rows_);
  validation_labels_ = labels_of(validation_rows_);
  return embeddings;
}

at::Tensor LearningTrainingData::embed(std::vector<int64_t>& rows) {
  std::vector<SkippedSample> skipped;
  auto embeddings =
      encode_rows(dataset_, rows, parts_.transforms, model_,
                  {device_, pipeline_.cache.batch_size, pipeline_.data.threads, quiet_}, skipped);
  note_skipped(skipped);
  return embeddings;
}

}  // namespace kindred::host
