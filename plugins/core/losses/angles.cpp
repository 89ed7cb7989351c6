#include "core/losses/angles.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {

at::Tensor cosine_of_shifted(const at::Tensor& c, double shift) {
  const auto sine = (1 - c.square()).clamp_min(1e-7).sqrt();
  return c * std::cos(shift) - sine * std::sin(shift);
}

at::Tensor with_angular_margin(const at::Tensor& c, double margin) {
  return at::where(c >= -std::cos(margin), cosine_of_shifted(c, margin), c - margin * std::sin(margin));
}

}  // namespace kindred
