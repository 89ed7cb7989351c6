#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

/// Says whether this build can read pictures: it can where OpenCV was there.
bool can_read_images();

/// uint8 (H, W, 3) RGB. Throws Error. [thread-safe]
at::Tensor record_image(const std::string& path);

}  // namespace kindred
