#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "host/engine/class_split.hpp"
#include "host/engine/components.hpp"
#include "host/engine/dataset_encoder.hpp"
#include "host/engine/encoded_views.hpp"
#include "host/engine/model.hpp"
#include "host/engine/skip_log.hpp"
#include "host/engine/training_data.hpp"

namespace kindred::host {

/// A dataset as the frozen stages of a model's encoders see it: what they give is computed once and kept.
/// Everything given by reference must outlive this, and this the training data that it hands out.
class EncodedDataset {
 public:
  EncodedDataset(const Pipeline& pipeline, const Components& components, const Model& model,
                 const Dataset& dataset, at::Device device, SkipLog& skips, bool quiet);

  /// Runs the frozen stages, or opens what they gave earlier. Sets encode_seconds, encode_images_per_second
  /// and cache_hit of `timings`, unless keeps_nothing().
  void encode(const ClassSplit& split, nlohmann::json& timings);

  /// Over what encode() gave, and over the samples themselves where nothing is kept of them.
  std::unique_ptr<TrainingData> training_data(const ClassSplit& split) const;

  /// Whether all encoders read samples at every step.
  bool keeps_nothing() const;

 private:
  std::vector<EncodeRequest> requests(const EncoderPart& part, const ClassSplit& split) const;
  std::unique_ptr<TrainingData> training_data(size_t encoder, const ClassSplit& split) const;

  const Pipeline& pipeline_;
  const Components& components_;
  const Model& model_;
  const Dataset& dataset_;
  at::Device device_;
  SkipLog& skips_;
  const bool quiet_;
  std::vector<std::unique_ptr<Dataset>> fields_;  ///< what each encoder reads
  std::vector<EncodedViews> views_;               ///< of each encoder; empty where it reads samples
};

}  // namespace kindred::host
