#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kindred/distance.hpp"

namespace kindred {

inline bool is_euclidean(Distance distance) {
  return distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
}

/// Rows with what ordering them by their distance to a query needs. A score is cheaper than the distance and
/// orders the rows of one query in the same way: a larger score is a smaller distance.
struct ScoredRows {
  Distance distance = Distance::cosine;
  at::Tensor rows;          ///< float32 (N, D), contiguous, on any device; as comparable_rows() gives them
  at::Tensor half_squares;  ///< float32 (N): |y|^2 / 2 of each row y; undefined unless a euclidean distance

  /// The rows from `begin` up to `end`, which share the memory.
  ScoredRows part(int64_t begin, int64_t end) const;

  /// `queries` float32 (T, D) as comparable_rows() gives them, on the device of the rows -> float32 (T, N)
  /// there, which is the caller's. cosine and dot: <x, y>. Euclidean distances: <x, y> - |y|^2 / 2. Others:
  /// the distance, negated.
  at::Tensor scores(const at::Tensor& queries) const;

  /// `queries` (P, D) and `places` int64 (P) -> float32 (P): the distance of each query to the row at its
  /// place, by the definition in kindred/distance.hpp and not from the scores, whose rounding errors grow
  /// with the length of the rows.
  at::Tensor distances(const at::Tensor& queries, const at::Tensor& places) const;
};

/// float32 and contiguous; of unit length where the distance is the cosine. The result may share the memory
/// of `rows`.
at::Tensor comparable_rows(Distance distance, const at::Tensor& rows);

/// float32 (N): |y|^2 of each row y of `rows` float32 (N, D), without a copy of all of them.
at::Tensor squared_lengths(const at::Tensor& rows);

/// The first of `rows` (N, D) that is not zero, though its |y|^2 in `squares` (N) is so small that float32
/// has lost digits of it; -1 where there is none.
int64_t first_lost(const at::Tensor& rows, const at::Tensor& squares);

/// `rows` are (N, D) numbers on any device. Where their squares are no numbers of float32 the rows are
/// scaled, all by one power of two, so that `distances` of the result are, too, but not their order. Throws
/// Error that names a row which cannot be compared with the longest one.
ScoredRows scored_rows(Distance distance, const at::Tensor& rows);

/// Says whether row `a` is nearer than row `b`: by score, equal scores by row number.
inline bool is_before(const float* scores, int64_t a, int64_t b) {
  return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

}  // namespace kindred
