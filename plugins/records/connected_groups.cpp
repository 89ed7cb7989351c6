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

std::string connection_text(const std::vector<int64_t>& groups,
                            const std::vector<std::array<int64_t, 2>>& links,
                            const std::vector<std::string>& names) {
  std::vector<int64_t> sizes, uses(groups.size());
  for (const auto group : groups) {
    sizes.resize(std::max(sizes.size(), static_cast<size_t>(group) + 1));
    ++sizes[static_cast<size_t>(group)];
  }
  if (sizes.empty()) return {};
  const auto largest = *std::max_element(sizes.begin(), sizes.end());
  if (2 * largest <= static_cast<int64_t>(groups.size())) return {};
  for (const auto& [a, b] : links) {
    ++uses[static_cast<size_t>(a)];
    if (b != a) ++uses[static_cast<size_t>(b)];
  }
  const auto hub = std::max_element(uses.begin(), uses.end());
  const auto all = std::to_string(groups.size()) + " objects";
  const auto hanging =
      sizes.size() == 1
          ? "all " + all + " of the " + std::to_string(links.size()) +
                " pairs hang together by chains of pairs, so they are one group, and no split can divide them"
          : std::to_string(largest) + " of " + all + " hang together by chains of pairs in one of " +
                std::to_string(sizes.size()) + " groups, which a split cannot divide";
  return hanging + "; the object in most pairs is " + names[static_cast<size_t>(hub - uses.begin())] +
         ", in " + std::to_string(*hub) +
         " pairs: leave out pairs of objects that many share, or take pairs of several sources that share "
         "none";
}

}  // namespace kindred
