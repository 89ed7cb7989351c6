#pragma once

#include <cstdint>
#include <functional>

#include "host/inference/inference_model.hpp"
#include "host/model/model.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// Makes the model of a pipeline, in evaluation mode on the CPU: parts with random initial values are drawn
/// from the pipeline's seed. `dataset`: whose fields the encoders read. Throws PluginError, and PipelineError
/// for what does not fit together.
Model make_model(const Catalog& catalog, const Pipeline& pipeline, const Dataset& dataset);

/// The length of the vectors that an encoder of vectors reads; 0 where it is not known.
using VectorLength = std::function<int64_t(const EncoderSpec&)>;

/// The encoders alone, in the same way. One of vectors whose length is not known has no dimension.
Model make_untrained_encoders(const Catalog& catalog, const Pipeline& pipeline, const VectorLength& length);

/// The encoders and the transforms of a pipeline as if they had been trained for no epoch, on `device`. What
/// the encoders have to say is told to `context`. Throws what make_untrained_encoders() throws.
InferenceModel untrained_model(const Catalog& catalog, const Pipeline& pipeline, const VectorLength& length,
                               at::Device device, InferenceModel::Options options, Context& context);

}  // namespace kindred::host
