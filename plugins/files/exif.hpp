#pragma once

#include <string_view>

namespace kindred {

/// The orientation from 1 to 8 that EXIF data states (EXIF 2.3, tag 0x0112 of the first directory of its TIFF
/// structure), with or without the letters "Exif" before it; 1, which is as it is stored, where it states
/// none or is damaged. [thread-safe]
int exif_orientation(std::string_view exif);

}  // namespace kindred
