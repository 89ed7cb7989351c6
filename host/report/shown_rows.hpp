#pragma once

#include <cstdint>
#include <vector>

namespace kindred::host {

/// At most this many samples are drawn in a map.
inline constexpr int64_t kMostPoints = 5000;

/// The numbers of at most kMostPoints rows, evenly chosen among `count`, in ascending order.
inline std::vector<int64_t> shown_rows(int64_t count) {
  std::vector<int64_t> rows;
  const auto kept = count < kMostPoints ? count : kMostPoints;
  for (int64_t i = 0; i < kept; ++i) rows.push_back(i * count / kept);
  return rows;
}

}  // namespace kindred::host
