#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "host/data/class_split.hpp"
#include "host/data/skip_log.hpp"
#include "host/encoding/feature_extractor.hpp"
#include "host/encoding/feature_views.hpp"
#include "host/model/model.hpp"

namespace kindred::host {

/// The features that the frozen stages of a model's encoders give for a dataset's samples: embeddings, or the
/// feature maps from which the last stages are trained. They are computed once and kept for a run.
/// Everything given by reference must outlive this.
class FeatureStore {
 public:
  FeatureStore(const EncodingOptions& options, const std::vector<EncoderSpec>& specs,
               const TransformLists& transforms, const Model& model, const Dataset& dataset,
               at::Device device, SkipLog& skips, Context& context);

  struct Timings {
    double seconds = 0;
    double samples_per_second = 0;
    bool cache_hit = false;
  };
  /// Runs the frozen stages, or opens what they gave earlier. Gives nothing where keeps_nothing().
  std::optional<Timings> extract(const ClassSplit& split);

  /// Fills, as one of several processes, the entries of the cache that extract() opens, and opens none. The
  /// entries are empty where nothing is kept on disk. Throws like extract().
  FillReport fill(const ClassSplit& split, const FillShare& share);

  /// The samples as encoder number `encoder` reads them.
  const Dataset& field(size_t encoder) const { return *fields_[encoder]; }
  /// What the frozen stages of encoder number `encoder` gave.
  const FeatureViews& views(size_t encoder) const { return views_[encoder]; }
  /// Says whether encoder number `encoder` reads samples at every step, so that no features of it are kept.
  bool reads_samples(size_t encoder) const;

  /// Says whether all encoders read samples at every step.
  bool keeps_nothing() const;

 private:
  void say_what_is_not_used() const;
  std::unique_ptr<FeatureExtractor> extractor(size_t encoder);
  std::vector<FeatureRequest> requests(const EncoderPart& part, const ClassSplit& split) const;

  const EncodingOptions& options_;
  const std::vector<EncoderSpec>& specs_;
  const TransformLists& transforms_;
  const Model& model_;
  const Dataset& dataset_;
  at::Device device_;
  SkipLog& skips_;
  Context& context_;
  std::vector<std::unique_ptr<Dataset>> fields_;  ///< what each encoder reads
  std::vector<FeatureViews> views_;               ///< of each encoder; empty where it reads samples
};

}  // namespace kindred::host
