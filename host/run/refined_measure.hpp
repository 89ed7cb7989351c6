#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/base/context.hpp"
#include "host/evaluation/measure.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

/// What refinements make of a model's search.
struct RefinedMeasure {
  Measured values;
  /// {"refinements", "text", "distance", "bytes_per_item": {"tuned", "refined"},
  ///  "microseconds_per_query": {"tuned", "refined"}}. Times are medians over queries that are asked one by
  ///  one for
  /// their 10 nearest among all rows in memory, without the encoder.
  nlohmann::json costs;
};

/// Measures the task with refined rankings. `embeddings` float32 (N, D) are those of the task; `training` (M,
/// D) are those of training samples, from which whitening learns, undefined where nothing is learned. Throws
/// Error when a refinement does not go with them.
RefinedMeasure measure_refined(const at::Tensor& embeddings, const at::Tensor& training,
                               const RetrievalTask& task, const std::vector<std::shared_ptr<Metric>>& metrics,
                               const Refinements& refinements, const MeasureOptions& options,
                               Context& context);

}  // namespace kindred::host
