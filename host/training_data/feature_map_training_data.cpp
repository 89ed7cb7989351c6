#include "host/training_data/feature_map_training_data.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "host/base/interrupt.hpp"
#include "host/base/random_streams.hpp"
#include "host/data/batches_of.hpp"
#include "host/data/views.hpp"

namespace kindred::host {
FeatureMapTrainingData::FeatureMapTrainingData(const Dataset& dataset, const ClassSplit& split,
                                               const FeatureViews& maps, const EncoderPart& part,
                                               const Options& options, Context& context)
    : TrainingData(dataset, split), maps_(maps), part_(part), options_(options), context_(context) {}

void FeatureMapTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t first,
                                         int64_t epoch) {
  batches_.clear();
  for (const auto& batch : batches) batches_.push_back(part_of_batch(batch));
  position_ = static_cast<size_t>(first);
  std::vector<std::vector<SampleView>> which;
  for (size_t step = position_; step < batches.size(); ++step) {
    auto random = random_stream(options_.seed, Stream::chosen_views, epoch, step);
    // A row has the view that its place in the whole batch draws, however many processes share the batch.
    for (int64_t place = 0; place < first_of_part(batches[step]); ++place) random.below(options_.views);
    std::vector<SampleView> batch;
    for (auto sample : samples_of(batches_[step])) batch.push_back({sample, random.below(options_.views)});
    which.push_back(std::move(batch));
  }
  reader_.reset();  // the old one's thread ends first
  reader_ = std::make_unique<FeatureMapReader>(maps_, std::move(which), part_.training_dtype);
}

TrainingData::Step FeatureMapTrainingData::next() {
  const auto map = reader_->next().to(options_.device);
  const auto& rows = batches_.at(position_++);
  if (rows.numel() == 0) {  // of several processes, when a batch has fewer samples than they are
    const auto none = at::empty({0}, at::TensorOptions().dtype(at::kLong).device(options_.device));
    return {none, none, [this](const at::Tensor&) {
              return at::empty({0, part_.dimension},
                               at::TensorOptions().dtype(at::kFloat).device(options_.device));
            }};
  }
  return {train_labels_.index_select(0, rows).to(options_.device),
          tensor_of(samples_of(rows)).to(options_.device), [this, map](const at::Tensor& places) {
            return part_.encode_feature_map(chosen_rows(map, places));
          }};
}

at::Tensor FeatureMapTrainingData::embed_here(std::vector<SampleIndex>& samples, int64_t view) {
  at::NoGradGuard no_grad;
  part_.encoder->train(false);
  std::vector<std::vector<SampleView>> which;
  for (const auto& batch : batches_of(samples, 0, kEvaluationBatch)) {
    std::vector<SampleView> one;
    for (auto sample : batch) one.push_back({sample, present_view(view)});
    which.push_back(std::move(one));
  }
  const size_t count = which.size();
  FeatureMapReader reader(maps_, std::move(which), at::kFloat);
  std::vector<at::Tensor> parts = {
      at::empty({0, part_.dimension}, at::TensorOptions().dtype(at::kFloat).device(options_.device))};
  for (size_t i = 0; i < count; ++i) {
    if (context_.interrupted()) throw Interrupted("while measuring");
    parts.push_back(part_.encode_feature_map(reader.next().to(options_.device)));
  }
  return at::cat(parts);
}

}  // namespace kindred::host
