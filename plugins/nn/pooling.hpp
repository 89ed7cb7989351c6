#pragma once

#include <ATen/core/Tensor.h>

namespace kindred::nn {

/// The mean over all places of a map: (B, C, H, W) -> float32 (B, C).
at::Tensor global_average(const at::Tensor& x);

}  // namespace kindred::nn
