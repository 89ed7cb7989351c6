#pragma once

#include <memory>

#include "host/encoding/feature_store.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// How samples are read where nothing is kept of them.
struct TrainingDataOptions {
  uint64_t seed = 42;
  int64_t threads = 0;      ///< that read samples; 0: one per processor
  int64_t batch_size = 32;  ///< samples encoded at once when embeddings are asked for
  int64_t views = 1;        ///< of training samples whose feature maps are kept
};

/// Batches of what `encoded` keeps, and of the samples themselves where it keeps nothing of them. Everything
/// given by reference must outlive the result.
std::unique_ptr<TrainingData> make_training_data(const FeatureStore& encoded, const Dataset& dataset,
                                                 const ClassSplit& split, const Model& model,
                                                 const TransformLists& transforms,
                                                 const TrainingDataOptions& options, at::Device device,
                                                 SkipLog& skips, Context& context);

}  // namespace kindred::host
