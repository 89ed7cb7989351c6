#pragma once

#include <ATen/ATen.h>

namespace kindred::nn {

/// Numbers between -1 and 1, the same each time.
inline at::Tensor drawn(at::IntArrayRef sizes, double step) {
  const auto values = at::arange(at::empty(sizes).numel(), at::kDouble).mul_(step).sin_();
  return values.to(at::kFloat).reshape(sizes);
}

inline at::Tensor drawn_map(at::IntArrayRef sizes, double step) {
  return drawn(sizes, step).contiguous(at::MemoryFormat::ChannelsLast);
}

/// How far `a` is from `b`, to the length of `b`.
inline double relative(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

}  // namespace kindred::nn
