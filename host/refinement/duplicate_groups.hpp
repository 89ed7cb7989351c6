#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kindred/distance.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// Two rows that are one thing twice.
struct DuplicatePair {
  int64_t a, b;    ///< a < b
  float distance;  ///< between their embeddings
  bool is_exact;   ///< their content is equal to the last byte
};

/// Rows that hang together by pairs.
struct DuplicateGroup {
  std::vector<int64_t> rows;         ///< at least two, ascending
  std::vector<DuplicatePair> pairs;  ///< by which they hang together, by a, then by b
  bool is_exact = false;             ///< its exact pairs alone connect all of its rows
  float nearest = 0, farthest = 0;   ///< the least and the largest distance of a pair
};

/// All pairs of rows (N, D) that are no farther from each other than `limit`, by the
/// definition of the distance: each pair of rows is compared. It costs N^2 D / 2 operations and takes the
/// memory of a tile and of what it finds. Throws Error when the limit is no number that is at least 0, the
/// distance is not symmetric, or more pairs than kMostPairs are found, since a limit that large says nothing.
std::vector<DuplicatePair> near_pairs(const StoredRows& rows, Distance distance, double limit);

constexpr size_t kMostPairs = 10'000'000;

/// The pairs of rows whose `content`, such as a hash of their files, is equal; each row with the first one of
/// its content. "" is the content of rows of which none is known.
std::vector<DuplicatePair> exact_pairs(const std::vector<std::string>& content);

/// The connected components of the pairs; a pair that is there twice is exact where one of the two is. Groups
/// that are exact come first, then by their nearest pair; of equal ones that with the first row.
std::vector<DuplicateGroup> duplicate_groups(std::vector<DuplicatePair> pairs);

}  // namespace kindred::host
