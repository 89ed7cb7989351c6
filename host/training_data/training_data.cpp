#include "host/training_data/training_data.hpp"

#include <ATen/ATen.h>

#include "host/data/views.hpp"
#include "host/evaluation/measure.hpp"

namespace kindred::host {

TrainingData::TrainingData(const Dataset& dataset, const ClassSplit& split)
    : dataset_(dataset),
      train_rows_(split.train),
      validation_rows_(split.validation),
      train_labels_(labels_of(dataset.labels(), split.train)),
      validation_labels_(labels_of(dataset.labels(), split.validation)) {}

at::Tensor TrainingData::train_embeddings() {
  auto embeddings = embed(train_rows_, kPlainView);
  train_labels_ = labels_of(dataset_.labels(), train_rows_);
  return embeddings;
}

at::Tensor TrainingData::validation_embeddings() {
  auto embeddings = embed(validation_rows_, kPlainView);
  validation_labels_ = labels_of(dataset_.labels(), validation_rows_);
  return embeddings;
}

RetrievalTask TrainingData::validation_task(const MeasureOptions& options) const {
  return measured_task(dataset_, validation_rows_, nullptr, options);
}

void TrainingData::keep_train_rows(const std::vector<SampleIndex>& samples) {
  train_rows_ = samples;
  train_labels_ = labels_of(dataset_.labels(), train_rows_);
}

int64_t TrainingData::present_view(int64_t view) const {
  return dataset_.object_kind() == ObjectKind::image ? view : kPlainView;
}

std::vector<SampleIndex> TrainingData::samples_of(const at::Tensor& rows) const {
  const auto plain = rows.contiguous();
  std::vector<SampleIndex> samples;
  for (int64_t i = 0; i < plain.numel(); ++i) {
    samples.push_back(train_rows_.at(static_cast<size_t>(plain.data_ptr<int64_t>()[i])));
  }
  return samples;
}

}  // namespace kindred::host
