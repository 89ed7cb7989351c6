#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kindred {

/// What the chunks of a WebP file say (WebP Container Specification).
struct WebpChunks {
  int orientation = 1;         ///< of the chunk EXIF, see exif_orientation()
  bool is_animated = false;    ///< it has frames; libwebp's decoder of pictures refuses it
  std::string first_frame;     ///< the first frame of an animation as a WebP file of its own; may be empty
  uint32_t left = 0, top = 0;  ///< where the frame lies on the canvas
  uint32_t width = 0, height = 0;  ///< of the canvas
};

bool is_webp(std::string_view bytes);

/// Nothing is decoded; what is damaged is as if it was not there. [thread-safe]
WebpChunks webp_chunks(std::string_view bytes);

}  // namespace kindred
