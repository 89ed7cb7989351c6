#pragma once

#include <cstdint>

namespace kindred::nn {

/// A depthwise convolution of some rows of a map, with bias and clamp. The rows have their border: result (r,
/// c) is made of what begins at row r * stride and column c * stride.
struct StripConvolution {
  const float* in;               ///< (rows, in_columns, channels)
  int64_t in_columns, channels;  ///< channels: a multiple of 16
  int64_t kernel, stride;        ///< kernel: 3 or 5
  const float* weight;           ///< (kernel * kernel, channels)
  const float* bias;             ///< (channels)
  float low, high;
  float* out;  ///< (rows, columns, channels)
  int64_t rows, columns;
};
void convolve_strip(const StripConvolution& strip);

}  // namespace kindred::nn
