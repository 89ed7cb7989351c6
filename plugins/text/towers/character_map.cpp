#include "character_map.hpp"

#include <algorithm>
#include <cstring>

#include "kindred/error.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
uint32_t label_of(uint32_t unit) { return unit & ((1u << 31) | 0xff); }
bool has_value(uint32_t unit) { return ((unit >> 8) & 1) == 1; }
uint32_t value_of_unit(uint32_t unit) { return unit & ((1u << 31) - 1); }

}  // namespace

CharacterMap::CharacterMap(const std::string& bytes, const std::string& path) {
  if (bytes.empty()) return;
  uint32_t size = 0;
  if (bytes.size() >= sizeof(size)) std::memcpy(&size, bytes.data(), sizeof(size));
  const bool fits = size >= sizeof(uint32_t) && size % sizeof(uint32_t) == 0 &&
                    size <= bytes.size() - std::min(bytes.size(), sizeof(size));
  if (!fits) throw Error(path + " has a damaged map of characters; download it again");
  units_.resize(size / sizeof(uint32_t));
  std::memcpy(units_.data(), bytes.data() + sizeof(size), size);
  replacements_ = bytes.substr(sizeof(size) + size);
}

std::pair<std::string_view, size_t> CharacterMap::at_beginning(std::string_view text) const {
  size_t longest = 0;
  uint32_t found = 0;
  size_t place = units_.empty() ? 0 : offset_of(units_[0]);
  for (size_t i = 0; i < text.size() && !units_.empty(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    place ^= byte;
    if (place >= units_.size() || label_of(units_[place]) != byte) break;
    const auto unit = units_[place];
    place ^= offset_of(unit);
    if (place >= units_.size()) break;
    if (has_value(unit)) {
      longest = i + 1;
      found = value_of_unit(units_[place]);
    }
  }
  if (longest > 0 && found < replacements_.size()) {
    const std::string_view from = std::string_view(replacements_).substr(found);
    return {from.substr(0, from.find('\0')), longest};
  }
  const auto size = std::min(text.size(), size_of_character(text.front()));
  return {text.substr(0, size), size};
}

}  // namespace kindred
