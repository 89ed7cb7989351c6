#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace kindred {

/// Groups of what is connected by a chain of links, for items 0 to count - 1: one number per item, and the
/// groups are numbered in the order of their first items.
std::vector<int64_t> connected_groups(int64_t count, const std::vector<std::array<int64_t, 2>>& links);

}  // namespace kindred
