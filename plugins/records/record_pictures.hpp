#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

/// Whether this build can read pictures: it can where OpenCV was there.
bool can_read_pictures();

/// uint8 (H, W, 3) RGB. Throws Error. [thread-safe]
at::Tensor record_picture(const std::string& path);

}  // namespace kindred
