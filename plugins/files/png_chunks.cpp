#include "files/png_chunks.hpp"

#include "files/bytes_at.hpp"
#include "files/exif.hpp"

namespace kindred {

PngChunks png_chunks(std::string_view bytes) {
  constexpr size_t kSignature = 8, kHead = 8, kChecksum = 4;
  PngChunks out;
  for (size_t at = kSignature; at < bytes.size();) {
    const auto length = big_at(bytes, at, 4);
    if (!length || bytes.size() - at < kHead) break;
    const auto type = bytes.substr(at + 4, 4);
    if (type == "IEND") {
      out.has_end = true;
      break;
    }
    const size_t left = bytes.size() - at - kHead;
    if (*length > left) break;
    if (type == "eXIf") out.orientation = exif_orientation(bytes.substr(at + kHead, *length));
    at += kHead + *length + kChecksum;
  }
  return out;
}

}  // namespace kindred
