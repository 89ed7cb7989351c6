// What is read of pictures before a library decodes them: where a JPEG or PNG file ends, EXIF's orientation,
// and the first frame of an animated WebP.
#include <string_view>

#include "files/exif.hpp"
#include "files/jpeg_end.hpp"
#include "files/png_chunks.hpp"
#include "files/webp_chunks.hpp"
#include "fuzz_target.hpp"

namespace kindred::fuzz {
namespace {

/// Ends the program, which is a finding.
void must(bool right) {
  if (!right) __builtin_trap();
}

bool is_orientation(int value) { return value >= 1 && value <= 8; }

}  // namespace

KINDRED_FUZZ_TARGET(image_headers) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto jpeg = jpeg_ending(bytes);
  must(jpeg.next_restart >= 0 && jpeg.next_restart < 8);
  must(is_orientation(jpeg.orientation));
  const auto png = png_chunks(bytes);
  must(is_orientation(png.orientation));
  const auto webp = webp_chunks(bytes);
  must(is_orientation(webp.orientation));
  constexpr size_t kMostAdded = 12 + 18;  // the head of the file, and VP8X
  must(webp.first_frame.size() <= size + kMostAdded);
  must(webp.first_frame.empty() || (webp.is_animated && is_webp(webp.first_frame)));
  must(is_orientation(exif_orientation(bytes)));
  return jpeg.end != JpegEnd::cut_off || png.has_end || is_webp(bytes) || exif_orientation(bytes) != 1;
}

}  // namespace kindred::fuzz
