#pragma once

#include "nn/inference_convolution.hpp"

namespace kindred::nn {

/// A 3 x 3 convolution with a border of one zero and stride 1 by Winograd's minimal filtering, a quarter of
/// the multiplications. float32, channels that are multiples of 16; null for others, and where this processor
/// has no kernels for it.
std::shared_ptr<const InferenceConvolution> make_winograd_convolution(const FinalConvolution& layer);

}  // namespace kindred::nn
