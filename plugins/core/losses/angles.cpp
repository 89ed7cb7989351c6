#include "core/losses/angles.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {

namespace {

at::Tensor sine_of(const at::Tensor& c) { return (1 - c.square()).clamp_min(1e-7).sqrt(); }

}  // namespace

at::Tensor cosine_of_shifted(const at::Tensor& c, double shift) {
  return c * std::cos(shift) - sine_of(c) * std::sin(shift);
}

at::Tensor with_angular_margin(const at::Tensor& c, const at::Tensor& margin) {
  const auto cosine = margin.cos(), sine = margin.sin();
  return at::where(c >= -cosine, c * cosine - sine_of(c) * sine, c - margin * sine);
}

at::Tensor with_angular_margin(const at::Tensor& c, double margin) {
  return with_angular_margin(c, at::full({}, margin, c.options()));
}

}  // namespace kindred
