#pragma once

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {

/// cos(theta + shift) of c = cos(theta), theta from 0 to pi, without arccos, whose derivative is infinite at
/// both ends; here it is finite, and zero where the sine is below 3e-4.
inline at::Tensor cosine_of_shifted(const at::Tensor& c, double shift) {
  const auto sine = (1 - c.square()).clamp_min(1e-7).sqrt();
  return c * std::cos(shift) - sine * std::sin(shift);
}

}  // namespace kindred
