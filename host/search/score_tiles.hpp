#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "kindred/search/scored_rows.hpp"

namespace kindred::host {

/// Serves what needs whole rows of the score matrix, which is never whole: calls `body(first, part, scores)`
/// for one tile of queries after the other. `queries` int64 (Q) on the CPU are numbers of rows. `part` int64
/// (T) are those from `first` on, `scores` float32 (T, N) on the CPU, contiguous. A tile has `tile_bytes` of
/// scores, or those of one query where these are more.
void for_each_score_tile(
    const ScoredRows& rows, const at::Tensor& queries, int64_t tile_bytes,
    const std::function<void(int64_t first, const at::Tensor& part, const at::Tensor& scores)>& body);

}  // namespace kindred::host
