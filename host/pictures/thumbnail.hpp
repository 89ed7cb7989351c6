#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace kindred::host {

/// A picture uint8 (H, W, 3) RGB scaled to fit `width` x `height` pixels, its shape kept: uint8 (h, w, 3).
at::Tensor thumbnail(const at::Tensor& image, int64_t width, int64_t height);

/// Nearly the same, its sides within a pixel, in a fraction of the time where the picture is much larger than
/// what is wanted: blocks of pixels are averaged first, as far as to twice the size.
at::Tensor quick_thumbnail(const at::Tensor& image, int64_t width, int64_t height);

/// The file of a picture uint8 (H, W, 3) RGB as PNG. `name` is what messages call it. Throws Error.
std::string png_bytes(const at::Tensor& image, const std::string& name);

}  // namespace kindred::host
