#pragma once

#include <string_view>

namespace kindred {

/// What the chunks of a PNG file say (PNG, third edition, 5).
struct PngChunks {
  bool has_end = false;  ///< the chunk IEND is there; what lies behind it does not matter
  int orientation = 1;   ///< of the chunk eXIf, see exif_orientation()
};

/// Nothing is decoded. Bytes that are no PNG file have no end. [thread-safe]
PngChunks png_chunks(std::string_view bytes);

}  // namespace kindred
