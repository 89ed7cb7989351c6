#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace kindred::host {

/// How long ago something was, such as "now", "12 min", "5 h" or "3 days": one unit is enough to choose by.
inline std::string age_text(int64_t seconds) {
  if (seconds < 60) return "now";
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < int64_t{2} * 86400) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

}  // namespace kindred::host
