#include "host/training_data/make_training_data.hpp"

#include "host/training_data/feature_map_training_data.hpp"
#include "host/training_data/frozen_training_data.hpp"
#include "host/training_data/joined_training_data.hpp"
#include "host/training_data/learning_training_data.hpp"

namespace kindred::host {

std::unique_ptr<TrainingData> make_training_data(const FeatureStore& encoded, const Dataset& dataset,
                                                 const ClassSplit& split, const Model& model,
                                                 const TransformLists& transforms,
                                                 const TrainingDataOptions& options, at::Device device,
                                                 SkipLog& skips, Context& context) {
  const auto of_encoder = [&](size_t i) -> std::unique_ptr<TrainingData> {
    const auto& part = model.encoders[i];
    const auto& field = encoded.field(i);
    if (encoded.reads_samples(i)) {
      return std::make_unique<LearningTrainingData>(
          LearningTrainingData::Options{options.seed, options.threads, options.batch_size}, field, transforms,
          part, split, device, skips, context);
    }
    if (!part.learns()) return std::make_unique<FrozenTrainingData>(field, split, encoded.views(i), device);
    return std::make_unique<FeatureMapTrainingData>(
        field, split, encoded.views(i), part,
        FeatureMapTrainingData::Options{device, options.views, options.seed}, context);
  };
  std::vector<std::unique_ptr<TrainingData>> parts;
  for (size_t i = 0; i < model.encoders.size(); ++i) parts.push_back(of_encoder(i));
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<JoinedTrainingData>(dataset, split, std::move(parts));
}

}  // namespace kindred::host
