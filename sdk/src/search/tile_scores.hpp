#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

#include "kindred/distance.hpp"

namespace kindred {

/// Scores of tiles of rows (kindred/search/scored_rows.hpp), one tile after the other in the same memory.
class TileScores {
 public:
  /// `queries` float32 (Q, D) as comparable_rows() gives them.
  TileScores(Distance distance, at::Tensor queries) : distance_(distance), queries_(std::move(queries)) {}

  /// `rows` float16 or float32 (B, D) on the device of the queries, of length 1 where the distance is the
  /// cosine -> float32 (Q, B), contiguous, which the caller may change and which is valid until the next
  /// call.
  at::Tensor of(const at::Tensor& rows);

 private:
  at::Tensor in_float(const at::Tensor& rows);
  at::Tensor squares_of(const at::Tensor& rows) const;
  at::Tensor room(at::Tensor& memory, int64_t rows, int64_t columns) const;

  Distance distance_;
  at::Tensor queries_, row_memory_, score_memory_;
};

}  // namespace kindred
