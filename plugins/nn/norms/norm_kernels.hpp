#pragma once

#include <cstdint>

namespace kindred::nn {

/// Some rows of maps in (B, H, W, channels) memory, float32, that go through a norm, a sum and a clamp. Each
/// function below works on the calling thread.
struct NormRows {
  int64_t rows, channels;
  const float* x;      ///< what is normalised
  const float* other;  ///< null, or what is added before the clamp
  float* y;            ///< the result: written forwards, read backwards
  float low, high;
};

/// Adds the sums of x - pivot and of its square to `sums` and `squares`, (channels) each.
void add_moments(const NormRows& a, const float* pivot, float* sums, float* squares);

/// Writes y = min(max(x * factor + offset + other, low), high); factor and offset have (channels) numbers.
void normalize_rows(const NormRows& a, const float* factor, const float* offset);

/// Adds the sums of g and of g * (x - mean) to `sums` and `products`, (channels) each. g is the gradient of y
/// where y lies between low and high, and 0 elsewhere.
void add_gradient_sums(const NormRows& a, const float* gradient, const float* mean, float* sums,
                       float* products);

/// How the gradient of x follows from g: of_gradient * g + of_x * (x - mean) + constant, (channels) each.
struct NormGradient {
  const float *of_gradient, *of_x, *mean, *constant;
};
/// Writes the gradient of x to `of_x` and, unless that is null, the one of `other` to `of_other`.
void gradient_rows(const NormRows& a, const float* gradient, const NormGradient& of, float* of_x,
                   float* of_other);

}  // namespace kindred::nn
