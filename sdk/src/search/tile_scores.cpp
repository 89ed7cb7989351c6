#include "tile_scores.hpp"

#include <ATen/ATen.h>

#include "kindred/search/score_scan.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred {

at::Tensor TileScores::of(const at::Tensor& rows) {
  auto plain = in_float(rows);
  const bool is_cosine = distance_.kind == Distance::cosine;
  if (!is_cosine && distance_.kind != Distance::dot && !is_euclidean(distance_)) {
    return distance_matrix(distance_, queries_, plain).neg_().contiguous();
  }
  auto scores = room(score_memory_, queries_.size(0), rows.size(0));
  if (is_euclidean(distance_)) {
    at::mm_out(scores, queries_, plain.t());
    return scores.sub_(squares_of(plain).mul_(0.5));
  }
  if (!is_cosine || rows.scalar_type() == at::kFloat) return at::mm_out(scores, queries_, plain.t());
  // float16 cannot say a length of 1 exactly. What is divided by it is what has fewer numbers.
  const auto squares = squares_of(plain);
  const auto inverse = at::where(squares.gt(0), squares.rsqrt(), at::ones_like(squares));
  const bool has_many_queries = queries_.size(0) > rows.size(1);
  if (has_many_queries) plain.mul_(inverse.unsqueeze(1));
  at::mm_out(scores, queries_, plain.t());
  return has_many_queries ? scores : scores.mul_(inverse);
}

at::Tensor TileScores::in_float(const at::Tensor& rows) {
  if (rows.scalar_type() == at::kFloat) return rows;
  return room(row_memory_, rows.size(0), rows.size(1)).copy_(rows);
}

at::Tensor TileScores::squares_of(const at::Tensor& rows) const {
  if (!rows.is_cpu()) return squared_lengths(rows);
  const auto plain = rows.contiguous();
  auto out = at::empty({rows.size(0)}, at::kFloat);
  square_lengths(plain.data_ptr<float>(), plain.size(0), plain.size(1), out.data_ptr<float>());
  return out;
}

at::Tensor TileScores::room(at::Tensor& memory, int64_t rows, int64_t columns) const {
  if (!memory.defined() || memory.numel() < rows * columns)
    memory = at::empty({rows * columns}, queries_.options());
  return memory.narrow(0, 0, rows * columns).view({rows, columns});
}

}  // namespace kindred
