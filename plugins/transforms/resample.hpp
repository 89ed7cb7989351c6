#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

enum class Interpolation { bilinear, bicubic };

/// uint8 (H, W, 3) -> uint8 (height, width, 3), the way Pillow resizes: a separable filter that widens when
/// shrinking (antialiasing), first along rows, then along columns, each pass rounded to 8 bits with 22-bit
/// fixed-point weights. Results equal Pillow's bit for bit. Bicubic is Keys' kernel with a = -1/2.
at::Tensor resample(const at::Tensor& image, int64_t height, int64_t width, Interpolation interpolation);

}  // namespace kindred
