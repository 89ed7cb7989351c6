#pragma once

#include "nn/kernels/vectors.hpp"

namespace kindred::nn {
namespace {

/// The weights of some channels stay in registers while their part of the strip is passed over.
template <typename Vector, int kKernel>
void convolve_channels(const StripConvolution& s) {
  constexpr int64_t kWidth = sizeof(Vector) / sizeof(float);
  const Vector low = all<Vector>(s.low), high = all<Vector>(s.high);
  const int64_t channels = s.channels, line = s.in_columns * channels, step = s.stride * channels;
  for (int64_t channel = 0; channel < channels; channel += kWidth) {
    Vector weights[kKernel * kKernel], bias;
#pragma GCC unroll 25
    for (int i = 0; i < kKernel * kKernel; ++i) load(s.weight + i * channels + channel, weights[i]);
    load(s.bias + channel, bias);
    for (int64_t row = 0; row < s.rows; ++row) {
      const float* in = s.in + row * s.stride * line + channel;
      float* out = s.out + row * s.columns * channels + channel;
      for (int64_t column = 0; column < s.columns; ++column, in += step, out += channels) {
        Vector sum = bias;
#pragma GCC unroll 5
        for (int i = 0; i < kKernel; ++i) {
#pragma GCC unroll 5
          for (int j = 0; j < kKernel; ++j) {
            Vector value;
            load(in + i * line + j * channels, value);
            sum += value * weights[i * kKernel + j];
          }
        }
        store(clamped(sum, low, high), out);
      }
    }
  }
}

template <typename Vector>
void convolve_strip(const StripConvolution& strip) {
  if (strip.kernel == 3)
    convolve_channels<Vector, 3>(strip);
  else
    convolve_channels<Vector, 5>(strip);
}

}  // namespace
}  // namespace kindred::nn
