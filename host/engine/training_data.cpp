#include "host/engine/training_data.hpp"

#include <ATen/ATen.h>

#include "host/engine/measure.hpp"
#include "host/engine/views.hpp"

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

RetrievalTask TrainingData::validation_task(const Pipeline& pipeline) const {
  return measured_task(dataset_, validation_rows_, nullptr, pipeline);
}

void TrainingData::keep_train_rows(const std::vector<int64_t>& samples) {
  train_rows_ = samples;
  train_labels_ = labels_of(dataset_.labels(), train_rows_);
}

int64_t TrainingData::present_view(int64_t view) const {
  return dataset_.object_kind() == ObjectKind::image ? view : kPlainView;
}

std::vector<int64_t> TrainingData::samples_of(const at::Tensor& rows) const {
  const auto plain = rows.contiguous();
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < plain.numel(); ++i) {
    samples.push_back(train_rows_.at(static_cast<size_t>(plain.data_ptr<int64_t>()[i])));
  }
  return samples;
}

at::Tensor chosen_rows(const at::Tensor& rows, const at::Tensor& places) {
  return places.defined() ? rows.index_select(0, places.to(rows.device())) : rows;
}

}  // namespace kindred::host
