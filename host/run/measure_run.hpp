#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "host/run/run_material.hpp"
#include "host/run/run_result.hpp"
#include "host/training/trackers.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

/// The distance that a model was measured by, and by which its embeddings are to be compared: that of the
/// first metric that ranks, or of the first one where all are numbers of the whole set.
std::string measured_distance(const std::vector<std::shared_ptr<Metric>>& metrics);

/// Returns float32 (T, D): the embeddings of the test samples by the model as it stands, averaged over the
/// views that the pipeline asks for; `with_heads` says whether by the whole model or by the encoders alone.
/// Samples that cannot be read are taken out of the split. Throws Error when a number is not finite.
at::Tensor test_embeddings(RunMaterial& material, const Pipeline& pipeline, bool with_heads);

/// Measures the test samples by the encoders as they were, whose embeddings are `base`, and by the tuned
/// model. Each side's values are in `result` as soon as they are known, and both then in the model's manifest
/// in `folder`, the run's, where it also leaves the retrieval that a person is shown. `trackers` get the
/// embeddings.
void measure_both(RunMaterial& material, const Pipeline& pipeline, const at::Tensor& base,
                  const std::string& folder, RunResult& result, Trackers& trackers,
                  Communicator& communicator, Context& context);

/// Takes part in measure_both() of rank 0, as the other processes do that share the data of `material`.
void measure_as_other(RunMaterial& material, const Pipeline& pipeline, const at::Tensor& base,
                      Communicator& communicator);

}  // namespace kindred::host
