#pragma once

#include <ATen/core/Tensor.h>

#include <array>

namespace kindred::nn {

/// A depthwise convolution with bias and a clamp, y = min(max(w * x + bias, low), high), whose gradients are
/// as fast as itself. oneDNN takes 4 to 9 times as long for those of kernels wider than 3 in float32, and
/// tens of times as long in bfloat16; training the last stages of an EfficientNet spent half its time there.
/// A border that is not the same on both sides needs no padded copy either.
struct DepthwiseShape {
  int64_t stride;
  std::array<int64_t, 2> padding;  ///< zeros above and to the left; below and right as the outputs need
  std::array<int64_t, 2> outputs;  ///< height and width
  float low, high;
};

/// Says whether depthwise_convolution() serves: on the CPU, while gradients are recorded, float32 or
/// bfloat16, kernel 3 or 5, channels a multiple of 16.
bool serves_depthwise(const at::Tensor& x, int64_t kernel);

/// x (B, C, H, W), float32 or bfloat16; weight (C, 1, k, k) and bias (C) float32 -> (B, C, outputs), dtype of
/// x, channels_last. Sums are float32. Gradients: of x in its dtype, of weight and bias in float32. The
/// result does not depend on the number of threads. A second derivative throws c10::Error.
at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                 const DepthwiseShape& shape);

}  // namespace kindred::nn
