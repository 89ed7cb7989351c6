#include "files/exif.hpp"

#include <string_view>

#include "files/bytes_at.hpp"

namespace kindred {
namespace {

constexpr size_t kEntry = 12;  // of a directory: tag, type, count and value
constexpr uint32_t kOrientation = 0x0112, kShort = 3, kLong = 4;

}  // namespace

int exif_orientation(std::string_view exif) {
  constexpr std::string_view kMark("Exif\0\0", 6);
  if (exif.substr(0, kMark.size()) == kMark) exif.remove_prefix(kMark.size());
  const bool little = exif.substr(0, 4) == std::string_view("II*\0", 4);
  if (!little && exif.substr(0, 4) != std::string_view("MM\0*", 4)) return 1;
  const auto number = [&](size_t place, size_t count) { return number_at(exif, place, count, little); };
  const auto directory = number(4, 4);
  const auto count = directory ? number(*directory, 2) : std::nullopt;
  if (!count) return 1;
  for (uint32_t i = 0; i < *count; ++i) {
    const size_t place = size_t{*directory} + 2 + i * kEntry;
    const auto tag = number(place, 2), type = number(place + 2, 2);
    if (!tag || !type) return 1;
    if (*tag != kOrientation) continue;
    if (*type != kShort && *type != kLong) return 1;
    const auto value = number(place + 8, *type == kShort ? 2 : 4);
    return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

}  // namespace kindred
