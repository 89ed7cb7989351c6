#pragma once

#include <cstdint>

namespace kindred::nn {

/// Some rows of maps in (B, H, W, channels) memory, on their way through a norm, a sum and a clamp. float32.
/// Each function works on the calling thread.
struct NormRows {
  int64_t rows, channels;
  const float* x;      ///< what is normalised
  const float* other;  ///< null, or what is added before the clamp
  float* y;            ///< the result: written forwards, read backwards
  float low, high;
};

/// Of each channel: sums of x - pivot and of its square, added to (channels) each.
void add_moments(const NormRows& a, const float* pivot, float* sums, float* squares);

/// y = min(max(x * factor + offset + other, low), high); factor and offset (channels).
void normalize_rows(const NormRows& a, const float* factor, const float* offset);

/// The gradient g of y counts where y lies between low and high. Sums of g and of g * (x - mean), added to
/// (channels) each.
void add_gradient_sums(const NormRows& a, const float* gradient, const float* mean, float* sums,
                       float* products);

/// How the gradient of x follows from g: of_gradient * g + of_x * (x - mean) + constant, (channels) each.
struct NormGradient {
  const float *of_gradient, *of_x, *mean, *constant;
};
/// -> the gradient of x and, unless it is null, that of `other`.
void gradient_rows(const NormRows& a, const float* gradient, const NormGradient& of, float* of_x,
                   float* of_other);

}  // namespace kindred::nn
