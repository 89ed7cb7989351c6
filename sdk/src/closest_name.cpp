#include <algorithm>
#include <cctype>
#include <limits>

#include "kindred/params.hpp"

namespace kindred {
namespace {

constexpr size_t kMaxNameBytes = 128;  // longer words are no misspelt names; keeps the search cheap

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each once;
/// letters that differ in case alone are equal.
size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, row);
  }
  return previous[b.size()];
}

}  // namespace

std::string closest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  if (word.size() > kMaxNameBytes) return best;
  for (const auto& candidate : candidates) {
    if (candidate.size() > kMaxNameBytes) continue;
    // A third of the letters may be wrong: one of two to four, two of five to seven.
    const size_t limit = (std::max(word.size(), candidate.size()) + 1) / 3;
    const size_t distance = edit_distance(word, candidate);
    if (distance <= limit && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace kindred
