#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace kindred::host {

/// The file of a picture uint8 (H, W, 3) RGB as a JPEG of middle quality, for looking at: a fifth of what PNG
/// takes of a photograph. `name` is what messages call it. Throws Error.
std::string jpeg_bytes(const at::Tensor& image, const std::string& name);

/// The same of the picture scaled by quick_thumbnail() to fit `width` x `height` pixels.
std::string jpeg_thumbnail(const at::Tensor& image, int64_t width, int64_t height, const std::string& name);

}  // namespace kindred::host
