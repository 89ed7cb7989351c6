#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred::host {

/// The file of a picture uint8 (H, W, 3) RGB as a JPEG of middle quality, for looking at: a fifth of what PNG
/// takes of a photograph. `name` is what messages call it. Throws Error.
std::string jpeg_bytes(const at::Tensor& image, const std::string& name);

}  // namespace kindred::host
