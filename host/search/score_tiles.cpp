#include "host/search/score_tiles.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kindred::host {

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
