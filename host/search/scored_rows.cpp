#include "host/search/scored_rows.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

namespace kindred::host {
namespace {

constexpr int64_t kSquaresAtOnce = int64_t{4} << 20;  // numbers

bool is_euclidean(Distance distance) {
  return distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
}

}  // namespace

ScoredRows ScoredRows::part(int64_t begin, int64_t end) const {
  return {distance, rows.slice(0, begin, end),
          half_squares.defined() ? half_squares.slice(0, begin, end) : half_squares};
}

at::Tensor ScoredRows::scores(const at::Tensor& queries) const {
  if (!is_euclidean(distance) && distance.kind != Distance::cosine && distance.kind != Distance::dot) {
    return distance_matrix(distance, queries, rows).neg_();
  }
  auto scores = at::mm(queries, rows.t());
  if (half_squares.defined()) scores.sub_(half_squares);
  return scores;
}

at::Tensor ScoredRows::distances(const at::Tensor& queries, const at::Tensor& places) const {
  const auto others = rows.index_select(0, places);
  if (distance.kind == Distance::cosine) return 1 - (queries * others).sum(1);  // both are of unit length
  return paired_distance(distance, queries, others);
}

at::Tensor comparable_rows(Distance distance, const at::Tensor& rows) {
  const auto plain = rows.detach().to(at::kFloat).contiguous();
  return distance.kind == Distance::cosine ? l2_normalized(plain) : plain;
}

at::Tensor squared_lengths(const at::Tensor& rows) {
  const int64_t count = rows.size(0);
  const int64_t step = std::max<int64_t>(kSquaresAtOnce / std::max<int64_t>(rows.size(1), 1), 1);
  auto out = at::empty({count}, rows.options());
  for (int64_t first = 0; first < count; first += step) {
    const auto end = std::min(first + step, count);
    out.slice(0, first, end).copy_(rows.slice(0, first, end).square().sum(1));
  }
  return out;
}

ScoredRows scored_rows(Distance distance, const at::Tensor& rows) {
  ScoredRows out{distance, comparable_rows(distance, rows), {}};
  if (is_euclidean(distance)) out.half_squares = squared_lengths(out.rows).mul_(0.5);
  return out;
}

void for_each_score_tile(
    const ScoredRows& rows, const at::Tensor& queries, int64_t tile_bytes,
    const std::function<void(int64_t first, const at::Tensor& part, const at::Tensor& scores)>& body) {
  at::NoGradGuard no_grad;
  const int64_t row_bytes = std::max<int64_t>(rows.rows.size(0), 1) * 4;
  const int64_t tile = std::max<int64_t>(tile_bytes / row_bytes, 1);
  for (int64_t first = 0; first < queries.numel(); first += tile) {
    const auto part = queries.slice(0, first, std::min(first + tile, queries.numel())).contiguous();
    const auto chosen = rows.rows.index_select(0, part.to(rows.rows.device()));
    body(first, part, rows.scores(chosen).cpu().contiguous());
  }
}

}  // namespace kindred::host
