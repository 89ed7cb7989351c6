#include "host/base/size_text.hpp"

#include <array>
#include <cstdio>

namespace kindred::host {

std::string size_text(uintmax_t bytes, SizeUnit smallest) {
  static constexpr std::array<const char*, 3> kNames = {"KiB", "MiB", "GiB"};
  if (bytes < 1024) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  // "0 MiB" would say that nothing is there.
  if (smallest == SizeUnit::mebibytes && bytes < uintmax_t{1} << 20) smallest = SizeUnit::kibibytes;
  const auto first = static_cast<size_t>(smallest);
  size_t unit = first;
  double number = static_cast<double>(bytes) / static_cast<double>(uintmax_t{1} << (10 * (first + 1)));
  while (number >= 1024 && unit + 1 < kNames.size()) {
    number /= 1024;
    ++unit;
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", unit == first ? 0 : 1, number, kNames[unit]);
  return text.data();
}

}  // namespace kindred::host
