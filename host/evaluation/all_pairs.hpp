#pragma once

#include <cstdint>
#include <vector>

#include "host/evaluation/relevance.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {

/// What the comparison of every row with every other one found.
struct AllPairs {
  int64_t depth = 0;
  std::vector<int64_t> nearest;         ///< (N, depth): the other rows, nearest first
  std::vector<int64_t> first_relevant;  ///< (N): the rank of the nearest relevant row, 0 where there is none
};

/// Says whether all_pairs() serves: x is as far from y as y from x, the rows are on the CPU, and what it
/// keeps of each row is little.
bool has_all_pairs(const ScoredRows& rows, const Relevance& relevance, int64_t depth);

/// Finds the `depth` nearest other rows of every row, depth being less than N, with half of the products that
/// comparing each row with all would take. Rows are ordered by score, equal scores by row number. A first
/// relevant row that is none of the nearest has its rank counted: against scores in float32, and in float64
/// where these are closer to each other than their rounding.
AllPairs all_pairs(const ScoredRows& rows, const Relevance& relevance, int64_t depth);

}  // namespace kindred::host
