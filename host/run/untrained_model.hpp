#pragma once

#include "host/inference/inference_model.hpp"
#include "host/run/make_model.hpp"

namespace kindred::host {

/// The encoders and the transforms of a pipeline as if they had been trained for no epoch, on `device`. What
/// the encoders have to say is told to `context`. Throws what make_untrained_encoders() throws.
InferenceModel untrained_model(const Catalog& catalog, const Pipeline& pipeline, const VectorLength& length,
                               at::Device device, InferenceModel::Options options, Context& context);

}  // namespace kindred::host
