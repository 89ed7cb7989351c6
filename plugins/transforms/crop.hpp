#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// The window of uint8 (H, W, 3) at (top, left), which may reach outside; what lies there is black.
at::Tensor crop(const at::Tensor& image, int64_t top, int64_t left, int64_t height, int64_t width);

}  // namespace kindred
