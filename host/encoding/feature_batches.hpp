#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/data/batch_loader.hpp"
#include "host/encoding/encoding_options.hpp"
#include "host/encoding/frozen_stages.hpp"

namespace kindred::host {

/// What the frozen stages give for some neighbours among the samples of a request, a batch at a time. Samples
/// are read ahead by several threads from the construction on. [one thread at a time]
class FeatureBatches {
 public:
  /// The samples [first, end) of the request. Everything given by reference must outlive it.
  FeatureBatches(const EncodingOptions& options, const Dataset& dataset, const TransformLists& transforms,
                 FrozenStages& stages, const FeatureRequest& request, int64_t first, int64_t end);

  struct Batch {
    at::Tensor rows;  ///< see FrozenStages::run()
    std::vector<SkippedSample> skipped;
  };
  bool done() const { return position_ == batches_.size(); }
  /// Says whether every batch that is left is being read already, so that the threads run out of work.
  bool reading_ends() const { return batches_.size() - position_ <= static_cast<size_t>(loading_.prefetch); }
  /// The next batch, unless done(). Throws Error, PluginError.
  Batch next();

 private:
  FrozenStages& stages_;
  const FeatureRequest& request_;
  const std::vector<std::vector<SampleIndex>> batches_;
  const BatchLoader::Options loading_;
  BatchLoader loader_;
  size_t position_ = 0;
};

}  // namespace kindred::host
