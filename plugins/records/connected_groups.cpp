#include "connected_groups.hpp"

#include <algorithm>
#include <numeric>

namespace kindred {
namespace {

/// The root of the tree that `item` is in; halves the way to it for those who come later.
int64_t root_of(std::vector<int64_t>& parents, int64_t item) {
  while (parents[static_cast<size_t>(item)] != item) {
    auto& parent = parents[static_cast<size_t>(item)];
    parent = parents[static_cast<size_t>(parent)];
    item = parent;
  }
  return item;
}

}  // namespace

std::vector<int64_t> connected_groups(int64_t count, const std::vector<std::array<int64_t, 2>>& links) {
  std::vector<int64_t> parents(static_cast<size_t>(count));
  std::iota(parents.begin(), parents.end(), 0);
  for (const auto& [a, b] : links) {
    const auto one = root_of(parents, a), other = root_of(parents, b);
    // The smaller number becomes the root, so that a root comes before the rest of its group.
    parents[static_cast<size_t>(std::max(one, other))] = std::min(one, other);
  }
  std::vector<int64_t> groups(parents.size());
  int64_t found = 0;
  for (int64_t item = 0; item < count; ++item) {
    const auto root = root_of(parents, item);
    groups[static_cast<size_t>(item)] = root == item ? found++ : groups[static_cast<size_t>(root)];
  }
  return groups;
}

}  // namespace kindred
