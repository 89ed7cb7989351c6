#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred {

/// Decodes a JPEG, PNG, WebP, BMP, TIFF, PPM, PGM or PBM file, or a GIF where giflib is there, to uint8 (H,
/// W, 3) RGB, turned as its EXIF data says; of an animation the first frame. Bytes behind the end of a
/// picture do not matter, and neither does it when a JPEG lacks its end mark alone. Throws Error when the
/// file cannot be read, is no picture, or is cut off before its end. [thread-safe]
at::Tensor read_image(const std::string& path);

/// The same for the content of a file; `name` is what messages call it. [thread-safe]
at::Tensor decode_image(const std::string& bytes, const std::string& name);

/// What the names of these formats end with, and of those that this build reads besides (GIF where giflib is
/// there; JPEG 2000 and AVIF where OpenCV has them), in lower case with their dot; the most usual come first.
/// [thread-safe]
const std::vector<std::string>& image_endings();

/// Says whether a name ends like one of these formats; case does not matter. [thread-safe]
bool is_image_name(const std::string& path);

}  // namespace kindred
