#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

/// Decodes a JPEG to uint8 (H, W, 3) RGB as it is stored, by libjpeg, whose complaints about damage are not
/// written anywhere: what is missing is grey. Undefined where libjpeg gives up, and for what it does not turn
/// into RGB (CMYK) or what has more than 2^30 pixels. [thread-safe]
at::Tensor jpeg_pixels(const std::string& bytes);

}  // namespace kindred
