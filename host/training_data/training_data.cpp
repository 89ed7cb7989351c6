#include "host/training_data/training_data.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/data/views.hpp"
#include "host/distributed/global_batch.hpp"
#include "host/evaluation/measure.hpp"

namespace kindred::host {
namespace {

std::vector<SampleIndex> samples_in(const at::Tensor& numbers) {
  std::vector<SampleIndex> samples;
  for (int64_t i = 0; i < numbers.numel(); ++i)
    samples.push_back(SampleIndex{numbers.data_ptr<int64_t>()[i]});
  return samples;
}

}  // namespace

TrainingData::TrainingData(const Dataset& dataset, const ClassSplit& split)
    : dataset_(dataset),
      train_rows_(split.train),
      validation_rows_(split.validation),
      train_labels_(labels_of(dataset.labels(), split.train)),
      validation_labels_(labels_of(dataset.labels(), split.validation)) {}

/// Whole batches go to one process, so that every row is what one process alone would compute, to the bit.
at::Tensor TrainingData::embed(std::vector<SampleIndex>& samples, int64_t view) {
  const auto batch = embedding_batch();
  if (group_ == nullptr || group_->size() == 1 || batch == 0) return embed_here(samples, view);
  const auto count = static_cast<int64_t>(samples.size()), batches = (count + batch - 1) / batch;
  const auto place = [&](int64_t rank) {
    return std::min(count, first_of_rank(batches, rank, *group_) * batch);
  };
  std::vector<SampleIndex> mine(samples.begin() + place(group_->rank()),
                                samples.begin() + place(group_->rank() + 1));
  const auto embeddings = gathered(embed_here(mine, view), *group_);
  samples = samples_in(gathered(tensor_of(mine), *group_));
  return embeddings;
}

at::Tensor TrainingData::part_of_batch(const at::Tensor& batch) const {
  return group_ == nullptr ? batch : part_of_rank(batch, *group_);
}

int64_t TrainingData::first_of_part(const at::Tensor& batch) const {
  return group_ == nullptr ? 0 : first_of_rank(batch.size(0), group_->rank(), *group_);
}

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
