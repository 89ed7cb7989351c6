#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace kindred::host {

/// The note of an index whose pictures get thumbnails: {"side": 128}.
inline constexpr const char* kThumbnailNote = "thumbnails";
inline constexpr int64_t kThumbnailSide =
    128;  ///< pixels, of the longer side, where the index does not say it

/// The side of the thumbnails of an index by this note of it; 0 where it asks for none.
inline int64_t thumbnail_side(const nlohmann::json& note) {
  return note.is_object() ? note.value("side", kThumbnailSide) : 0;
}

}  // namespace kindred::host
