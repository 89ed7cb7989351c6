#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/pipeline/pipeline.hpp"
#include "kindred/encoder.hpp"

namespace kindred::host {

class Catalog;

/// Which stages of an encoder of the pipeline are trained: the number of the first one, 0 for all, the number
/// of stages for a frozen encoder. Throws PipelineError when the pipeline names a stage that the encoder
/// has not, or the encoder has no stages to cut between.
int64_t first_trained_stage(const Pipeline& pipeline, const EncoderSpec& spec, const Encoder& encoder);

/// The same check for `host validate`: on encoders without their initial weights. Does nothing for frozen
/// ones. Returns the names of encoders whose first stages are frozen while later ones are trained.
std::set<std::string> check_cuts(const Catalog& catalog, const Pipeline& pipeline);

/// The dtype that training computes in on this machine. Throws PipelineError when the pipeline asks for one
/// that the encoder does not run in.
at::ScalarType training_dtype(const EncoderSpec& spec, const Pipeline& pipeline, const Encoder& encoder,
                              at::Device device);

}  // namespace kindred::host
