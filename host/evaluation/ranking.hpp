#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "host/evaluation/relevance.hpp"
#include "host/evaluation/retrieval_task.hpp"
#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

/// Numbers of rows, int64 (T), that are queries -> float32 (T, N) on the CPU, contiguous: what orders the
/// candidates of each, larger is nearer, minus infinity for what is no candidate.
using RowScores = std::function<at::Tensor(const at::Tensor& queries)>;

struct RankingOptions {
  Distance distance = Distance::cosine;
  int64_t depth = 1;  ///< nearest neighbours per query
  int64_t tile_bytes = int64_t{64} << 20;
  RowScores scores{};  ///< orders candidates in place of the distance, where it is set
};

/// Ranks the candidates of every query of the task and says which are relevant, as metrics want to see it:
/// calls `consume(first, ranking)` per tile of queries, where `first` is the tile's first place among them.
///
/// embeddings: float32 (N, D) on any device. A query is never its own neighbour. Candidates are ordered by
/// distance, equal distances by row number, so the result does not depend on tiles or threads.
/// ranking.relevant has as many columns as every query has candidates, at most `depth`. The rank of the first
/// relevant one is known at any depth, which is why every candidate is looked at and not only the nearest
/// ones. Where all rows are compared with each other, half of the products suffice (all_pairs.hpp).
void rank_neighbours(const at::Tensor& embeddings, const RetrievalTask& task, const Relevance& relevance,
                     const RankingOptions& options,
                     const std::function<void(int64_t first, const Ranking& ranking)>& consume);

}  // namespace kindred::host
