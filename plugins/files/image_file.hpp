#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

/// Decodes a JPEG, PNG, WebP, BMP, TIFF or PPM file to uint8 (H, W, 3) RGB, turned as its EXIF data says.
/// Throws Error when it cannot be read, is no picture, or is cut off before its end. [thread-safe]
at::Tensor read_image(const std::string& path);

/// The same for the content of a file; `name` is what messages call it. [thread-safe]
at::Tensor decode_image(const std::string& bytes, const std::string& name);

/// Says whether a name ends like one of these formats; case does not matter.
bool is_image_name(const std::string& path);

}  // namespace kindred
