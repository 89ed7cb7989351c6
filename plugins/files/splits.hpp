#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace kindred {

/// Says whether a row of split `name` is wanted: all are when `splits` is empty.
inline bool wants_split(const std::vector<std::string>& splits, const std::string& name) {
  return splits.empty() || std::find(splits.begin(), splits.end(), name) != splits.end();
}

}  // namespace kindred
