#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// Groups of what is connected by a chain of links, for items 0 to count - 1: one number per item, and the
/// groups are numbered in the order of their first items.
std::vector<int64_t> connected_groups(int64_t count, const std::vector<std::array<int64_t, 2>>& links);

/// What a person has to know when most items are in one group, so that a split that tears no link apart can
/// hardly divide them: how many are, which item is in most links, and what to do. Empty when no group has
/// more than half of the items.
std::string connection_text(const std::vector<int64_t>& groups,
                            const std::vector<std::array<int64_t, 2>>& links,
                            const std::vector<std::string>& names);

}  // namespace kindred
