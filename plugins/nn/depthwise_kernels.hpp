#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace kindred::nn {

/// Channels that are computed side by side; tensors are cut into groups of as many.
constexpr int64_t kDepthwiseLanes = 16;

/// Pointers into dense (B, H, W, C) memory of one depthwise convolution, and (k * k, C) for its weight.
template <typename T>
struct DepthwiseArguments {
  int64_t kernel;  ///< 3 or 5
  int64_t batch, channels, height, width, out_height, out_width, stride, top, left;
  float low, high;  ///< the clamp of the output
  const float* weight;
  const float* bias;
  const T* x;
  T* y;                ///< written by forward, read by backward
  const T* grad_y;     ///< from here on for backward only
  T* grad_x;           ///< null when nobody asks for it
  float* grad_weight;  ///< (k * k, C), added to
  float* grad_bias;    ///< (C), added to
};

/// Each call computes the channel groups [first, last) of all pictures.
template <typename T>
void depthwise_forward(const DepthwiseArguments<T>& a, int64_t first, int64_t last);
template <typename T>
void depthwise_backward(const DepthwiseArguments<T>& a, int64_t first, int64_t last);

}  // namespace kindred::nn
