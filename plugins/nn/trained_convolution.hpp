#pragma once

#include <ATen/core/Tensor.h>

#include "nn/inference_convolution.hpp"

namespace kindred::nn {

/// Says whether trained_convolution() serves: while gradients are recorded, float32 on the CPU, and where it
/// gains: by tiles (tiled_convolution.hpp), or by products of matrices (matrix_convolution.hpp) with AVX2,
/// where oneDNN has half their speed for gradients of weights.
bool serves_trained(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape);

/// x (B, in, H, W), weight (out, in, k, k) and bias (out) -> (B, out, ...), channels_last, all float32.
/// Numbers differ from at::conv2d() by up to 2e-5 of the largest. A second derivative throws c10::Error.
at::Tensor trained_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                               const FixedShape& shape);

}  // namespace kindred::nn
