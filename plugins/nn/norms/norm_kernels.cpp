#include "nn/norms/norm_kernels.hpp"

#include "nn/processor_clones.hpp"

/// What a loop writes at one place it reads at no other. The compiler would test each pair of pointers, and
/// leaves a loop of more than a few as it is.
#define KINDRED_VECTORIZE _Pragma("GCC ivdep")

namespace kindred::nn {
namespace {

KINDRED_INLINE float clamped(float value, float low, float high) {
  const float above = value < low ? low : value;
  return above > high ? high : above;
}
KINDRED_INLINE float passed(float gradient, float y, float low, float high) {
  return y <= low || y >= high ? 0.0F : gradient;  // what is no number passes, so that it is noticed
}

}  // namespace

KINDRED_CLONES void add_moments(const NormRows& a, const float* pivot, float* sums, float* squares) {
  for (int64_t row = 0; row < a.rows; ++row) {
    const float* x = a.x + row * a.channels;
    KINDRED_VECTORIZE
    for (int64_t c = 0; c < a.channels; ++c) {
      const float distance = x[c] - pivot[c];
      sums[c] += distance;
      squares[c] += distance * distance;
    }
  }
}

KINDRED_CLONES void normalize_rows(const NormRows& a, const float* factor, const float* offset) {
  const float low = a.low, high = a.high;
  for (int64_t row = 0; row < a.rows; ++row) {
    const float* x = a.x + row * a.channels;
    float* y = a.y + row * a.channels;
    if (a.other == nullptr) {
      KINDRED_VECTORIZE
      for (int64_t c = 0; c < a.channels; ++c) y[c] = clamped(x[c] * factor[c] + offset[c], low, high);
    } else {
      const float* other = a.other + row * a.channels;
      KINDRED_VECTORIZE
      for (int64_t c = 0; c < a.channels; ++c)
        y[c] = clamped(x[c] * factor[c] + offset[c] + other[c], low, high);
    }
  }
}

KINDRED_CLONES void add_gradient_sums(const NormRows& a, const float* gradient, const float* mean,
                                      float* sums, float* products) {
  const float low = a.low, high = a.high;
  for (int64_t row = 0; row < a.rows; ++row) {
    const int64_t at = row * a.channels;
    const float *x = a.x + at, *y = a.y + at, *given = gradient + at;
    KINDRED_VECTORIZE
    for (int64_t c = 0; c < a.channels; ++c) {
      const float g = passed(given[c], y[c], low, high);
      sums[c] += g;
      products[c] += g * (x[c] - mean[c]);
    }
  }
}

KINDRED_CLONES void gradient_rows(const NormRows& a, const float* gradient, const NormGradient& of,
                                  float* of_x, float* of_other) {
  const float low = a.low, high = a.high;
  for (int64_t row = 0; row < a.rows; ++row) {
    const int64_t at = row * a.channels;
    const float *x = a.x + at, *y = a.y + at, *given = gradient + at;
    float* to = of_x + at;
    if (of_other == nullptr) {
      KINDRED_VECTORIZE
      for (int64_t c = 0; c < a.channels; ++c) {
        to[c] = of.of_gradient[c] * passed(given[c], y[c], low, high) + of.of_x[c] * (x[c] - of.mean[c]) +
                of.constant[c];
      }
    } else {
      float* other = of_other + at;
      KINDRED_VECTORIZE
      for (int64_t c = 0; c < a.channels; ++c) {
        const float g = passed(given[c], y[c], low, high);
        other[c] = g;
        to[c] = of.of_gradient[c] * g + of.of_x[c] * (x[c] - of.mean[c]) + of.constant[c];
      }
    }
  }
}

}  // namespace kindred::nn
