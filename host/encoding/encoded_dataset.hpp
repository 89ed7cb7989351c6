#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "host/data/class_split.hpp"
#include "host/data/skip_log.hpp"
#include "host/encoding/dataset_encoder.hpp"
#include "host/encoding/encoded_views.hpp"
#include "host/model/model.hpp"

namespace kindred::host {

/// A dataset as the frozen stages of a model's encoders see it: what they give is computed once and kept.
/// Everything given by reference must outlive this.
class EncodedDataset {
 public:
  EncodedDataset(const EncodingOptions& options, const std::vector<EncoderSpec>& specs,
                 const TransformLists& transforms, const Model& model, const Dataset& dataset,
                 at::Device device, SkipLog& skips, Context& context);

  struct Timings {
    double seconds = 0;
    double samples_per_second = 0;
    bool cache_hit = false;
  };
  /// Runs the frozen stages, or opens what they gave earlier. Nothing where keeps_nothing().
  std::optional<Timings> encode(const ClassSplit& split);

  /// The samples as encoder number `encoder` reads them.
  const Dataset& field(size_t encoder) const { return *fields_[encoder]; }
  /// What its frozen stages gave.
  const EncodedViews& views(size_t encoder) const { return views_[encoder]; }
  /// Whether it reads samples at every step, so that nothing is kept of it.
  bool reads_samples(size_t encoder) const;

  /// Whether all encoders read samples at every step.
  bool keeps_nothing() const;

 private:
  void say_what_is_not_used() const;
  std::vector<EncodeRequest> requests(const EncoderPart& part, const ClassSplit& split) const;

  const EncodingOptions& options_;
  const std::vector<EncoderSpec>& specs_;
  const TransformLists& transforms_;
  const Model& model_;
  const Dataset& dataset_;
  at::Device device_;
  SkipLog& skips_;
  Context& context_;
  std::vector<std::unique_ptr<Dataset>> fields_;  ///< what each encoder reads
  std::vector<EncodedViews> views_;               ///< of each encoder; empty where it reads samples
};

}  // namespace kindred::host
