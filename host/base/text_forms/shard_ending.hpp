#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kindred::host {

inline constexpr size_t kShardDigits = 5;  ///< more where a number needs them

/// How the names of shards end: "-00003-of-00016".
inline std::string shard_ending(int64_t number, int64_t count) {
  const auto padded = [](int64_t value) {
    const auto digits = std::to_string(value);
    return std::string(kShardDigits - std::min(digits.size(), kShardDigits), '0') + digits;
  };
  return "-" + padded(number) + "-of-" + padded(count);
}

}  // namespace kindred::host
