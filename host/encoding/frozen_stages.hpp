#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/data/batch_loader.hpp"
#include "host/data/transform_list.hpp"
#include "host/encoding/feature_request.hpp"
#include "host/model/encoder_part.hpp"

namespace kindred::host {

/// The stages of an encoder that are not trained, and what comes out of them: embeddings where no stage is
/// trained, else the feature maps that go into the first trained one.
class FrozenStages {
 public:
  /// Everything given by reference must outlive it. `device`: where the encoder is; `kept_on`: where rows go.
  FrozenStages(const Dataset& dataset, const TransformLists& transforms, const EncoderPart& part,
               at::Device device, at::Device kept_on);

  bool give_feature_maps() const { return part_.learns(); }
  at::Device kept_on() const { return kept_on_; }
  /// The shape of one row: (D) of embeddings; (H, W, C) of feature maps, the order in which a batch of them
  /// is channels_last. Throws Error when no sample can be read.
  std::vector<int64_t> row_shape();
  /// How many numbers the feature map of one sample has that the first `stages` stages give. Throws like
  /// row_shape().
  int64_t row_numbers(int64_t stages);

  /// Batch -> (B, ...) of `request.stored`, a row per sample of `asked`; NaN where a sample was skipped.
  /// Those for which the stages give numbers that are not finite are skipped, too: they go from
  /// loaded.indices to loaded.skipped. Throws Error where numbers are out of range of float16 or the view
  /// gives maps of another size, PluginError.
  at::Tensor run(BatchLoader::Loaded& loaded, const std::vector<SampleIndex>& asked,
                 const FeatureRequest& request);

 private:
  const std::vector<std::vector<int64_t>>& stage_shapes();
  at::Tensor missing_rows(int64_t count, at::ScalarType dtype);
  at::Tensor without_those_not_finite(const at::Tensor& rows, BatchLoader::Loaded& loaded) const;

  const Dataset& dataset_;
  const TransformLists& transforms_;
  const EncoderPart& part_;
  at::Device device_, kept_on_;
  std::vector<std::vector<int64_t>> stage_shapes_;
};

}  // namespace kindred::host
