#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kindred {

/// The number of `count` bytes at a place, with its lowest byte first or its highest; nothing where it would
/// reach beyond the end. `count` is at most 4.
inline std::optional<uint32_t> number_at(std::string_view bytes, size_t place, size_t count,
                                         bool lowest_first) {
  if (place > bytes.size() || bytes.size() - place < count) return {};
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[place + (lowest_first ? count - 1 - i : i)]);
  return value;
}

inline std::optional<uint32_t> big_at(std::string_view bytes, size_t place, size_t count) {
  return number_at(bytes, place, count, false);
}

inline std::optional<uint32_t> little_at(std::string_view bytes, size_t place, size_t count) {
  return number_at(bytes, place, count, true);
}

}  // namespace kindred
