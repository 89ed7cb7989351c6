#pragma once

#include <string_view>

namespace kindred {

enum class JpegEnd {
  whole,     ///< the end mark is there; what lies behind it does not matter
  unmarked,  ///< the end mark is missing: nothing else may be missing, or a part of the last scan
  cut_off,   ///< more is missing
};

struct JpegEnding {
  JpegEnd end = JpegEnd::cut_off;
  int next_restart = 0;  ///< the number, 0 to 7, that the next restart mark in the last scan would have
  int orientation =
      1;  ///< of the first segment with EXIF data, see exif_orientation(); others may be before it
};

/// Goes from mark to mark (ITU-T T.81, annex B), so that neither a thumbnail nor what a camera or a telephone
/// writes behind the picture is taken for it. Nothing is decoded. A file with marks in it that make no sense
/// is whole here: the decoder says what is wrong with it. [thread-safe]
JpegEnding jpeg_ending(std::string_view bytes);

}  // namespace kindred
