#pragma once

#include "nn/inference_convolution.hpp"

namespace kindred::nn {

/// oneDNN's convolution with a bias, a sum and an activation in it. Null where LibTorch has none (before 2.0,
/// or without oneDNN) or cannot do the shape.
std::shared_ptr<const InferenceConvolution> make_fused_convolution(const FinalConvolution& layer);

}  // namespace kindred::nn
