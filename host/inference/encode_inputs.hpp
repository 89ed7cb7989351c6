#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "host/data/decoders.hpp"
#include "host/inference/inference_model.hpp"
#include "kindred/inference.hpp"

namespace kindred::host {

struct EncodedInputs {
  at::Tensor rows;                 ///< float32 (N, D) on the CPU, a row per input; NaN where one failed
  std::vector<InputError> errors;  ///< in the order of the inputs
};

/// Encodes inputs, each as if it had come alone: what is wrong with one, also what makes an encoder fail,
/// costs this one its row and no other. [thread-safe]
EncodedInputs encode_inputs(const InferenceModel& model, const Decoders& decoders,
                            const std::vector<Input>& inputs, const InferenceModel::Pass& pass = {});

}  // namespace kindred::host
