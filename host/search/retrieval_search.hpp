#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "host/evaluation/retrieval_task.hpp"
#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

/// Exact search without an N x N matrix: similarities are computed for a tile of queries at a time, at most
/// `tile_bytes` of them.
///
/// embeddings: float32 (N, D) on any device. A query is never its own neighbour. Neighbours are candidates of
/// the task, ordered by distance, equal distances by row number, so the result does not depend on tiles or
/// threads.
struct SearchOptions {
  Distance distance = Distance::cosine;
  int64_t depth = 1;  ///< nearest neighbours per query
  int64_t tile_bytes = int64_t{64} << 20;
};

/// Calls `consume(first, ranking)` per tile, `first` being the tile's first position among the queries.
/// ranking.relevant has as many columns as every query has candidates, at most depth.
void rank_neighbours(const at::Tensor& embeddings, const RetrievalTask& task, const SearchOptions& options,
                     const std::function<void(int64_t, const Ranking&)>& consume);

/// int64 (Q, min(depth, candidates)): rows of the nearest neighbours, nearest first.
at::Tensor nearest_neighbours(const at::Tensor& embeddings, const RetrievalTask& task,
                              const SearchOptions& options);

}  // namespace kindred::host
