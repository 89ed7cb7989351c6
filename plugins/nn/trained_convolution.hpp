#pragma once

#include <ATen/core/Tensor.h>

#include "nn/inference_convolution.hpp"

namespace kindred::nn {

/// Says whether trained_convolution() serves: while gradients are recorded, float32 on the CPU, what
/// serves_tiles() asks, and maps that are large enough to gain by it.
bool serves_trained(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape);

/// A 3 x 3 convolution with stride 1 and a border of one zero, whose result and gradients are computed by
/// tiles (tiled_convolution.hpp). x (B, in, H, W), weight (out, in, 3, 3) and bias (out) -> (B, out, H, W),
/// channels_last, all float32. Numbers differ from at::conv2d() by about 1e-6 of the largest. A second
/// derivative is refused by LibTorch.
at::Tensor trained_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace kindred::nn
