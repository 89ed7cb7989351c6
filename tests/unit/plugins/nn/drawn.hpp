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

}  // namespace kindred::nn
