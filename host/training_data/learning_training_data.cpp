#include "host/training_data/learning_training_data.hpp"

#include <ATen/ATen.h>

#include "host/base/random_streams.hpp"
#include "host/data/views.hpp"
#include "host/model/encode.hpp"

namespace kindred::host {

LearningTrainingData::LearningTrainingData(const Options& options, const Dataset& dataset,
                                           const TransformLists& transforms, const EncoderPart& part,
                                           const ClassSplit& split, at::Device device, SkipLog& skips,
                                           Context& context)
    : TrainingData(dataset, split),
      options_(options),
      transforms_(transforms),
      part_(part),
      device_(device),
      skips_(skips),
      context_(context) {}

void LearningTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) {
  std::vector<std::vector<SampleIndex>> samples;
  for (auto it = batches.begin() + first; it != batches.end(); ++it) {
    samples.push_back(samples_of(part_of_batch(*it)));
  }
  BatchLoader::Options options;
  options.threads = options_.threads;
  options.draws = [seed = options_.seed, epoch](SampleIndex sample, size_t transform) {
    return random_stream(seed, Stream::augmentation, epoch, to_int(sample), transform);
  };
  loader_.reset();  // the old one's threads end first
  loader_ = std::make_unique<BatchLoader>(dataset_, transforms_.train, std::move(samples), options);
}

TrainingData::Step LearningTrainingData::next() {
  auto loaded = loader_->next();
  skips_.note(loaded.skipped);
  if (loaded.indices.empty()) {
    const auto none = at::empty({0}, at::TensorOptions().dtype(at::kLong).device(device_));
    return {none, none, [this](const at::Tensor&) {
              return at::empty({0, part_.dimension}, at::TensorOptions().dtype(at::kFloat).device(device_));
            }};
  }
  return {labels_of(dataset_.labels(), loaded.indices).to(device_), tensor_of(loaded.indices).to(device_),
          [this, batch = loaded.batch](const at::Tensor& places) {
            auto part = batch;
            part.data = chosen_rows(batch.data, places).to(device_);
            if (part.lengths.defined()) part.lengths = chosen_rows(batch.lengths, places);
            const auto map = part_.frozen_feature_map(part, part_.training_dtype);
            part_.encoder->train(true);  // frozen_feature_map leaves it in evaluation mode
            return part_.encode_feature_map(map);
          }};
}

at::Tensor LearningTrainingData::embed_here(std::vector<SampleIndex>& samples, int64_t view) {
  std::vector<SkippedSample> skipped;
  EncodeRowsOptions options{device_, options_.batch_size, options_.threads, false};
  options.mirror = view == kMirrorView;
  auto embeddings = encode_rows(dataset_, samples, transforms_.plain, part_, options, skipped, context_);
  skips_.note(skipped);
  return embeddings;
}

}  // namespace kindred::host
