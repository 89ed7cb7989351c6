#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

/// Exact search over all pairs without an N x N matrix: similarities are computed for a tile of queries at
/// a time, at most `tile_bytes` of them.
///
/// embeddings: float32 (N, D) on any device; labels: int64 (N) on the CPU; queries: int64 (Q) row numbers
/// on the CPU. A query is never its own neighbour. Neighbours are ordered by distance, equal distances by
/// row number, so the result does not depend on tiles or threads.
struct SearchOptions {
  Distance distance = Distance::cosine;
  int64_t depth = 1;  ///< nearest neighbours per query
  int64_t tile_bytes = int64_t{64} << 20;
};

/// Calls `consume(first, ranking)` per tile, `first` being the tile's first position in `queries`.
/// ranking.relevant has min(depth, N - 1) columns.
void rank_neighbours(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& queries,
                     const SearchOptions& options,
                     const std::function<void(int64_t, const Ranking&)>& consume);

/// int64 (Q, min(depth, N - 1)): rows of the nearest neighbours, nearest first.
at::Tensor nearest_neighbours(const at::Tensor& embeddings, const at::Tensor& queries,
                              const SearchOptions& options);

}  // namespace kindred::host
