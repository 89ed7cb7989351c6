#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "host/evaluation/retrieval_task.hpp"
#include "kindred/distance.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// The k nearest candidates of `queries` int64 (Q), which are rows of `embeddings` float32 (N, D) on any
/// device, by exact search in memory bounded by a few tiles and what is found. A query is never its own
/// neighbour; equal distances are ordered by row number. Throws Error when a row has no distance to anything.
Neighbours nearest_candidates(const at::Tensor& embeddings, const RetrievalTask& task,
                              const at::Tensor& queries, Distance distance, int64_t k);

}  // namespace kindred::host
