#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "host/refinement/refinements.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {

/// Re-ranking by k-reciprocal neighbours (Zhong, Zheng, Cao, Li 2017, "Re-ranking person re-identification
/// with k-reciprocal encoding"): two rows that have the same neighbours, each among the nearest k1 of the
/// other, are taken to be near. What counts is (1 - lambda) J + lambda d, where J is the Jaccard distance of
/// their sets of reciprocal neighbours, weighted by exp(-d) and averaged over the k2 nearest rows, and d is
/// the squared distance divided by the largest one of its row.
///
/// `squared` float32 (N, N) on the CPU: squared distances between all rows; the first `queries` of them are
/// the queries -> float32 (queries, N - queries). Where the paper leaves it open, equal distances are ordered
/// by row number, and a row is its own nearest neighbour. It takes O(N^2) memory and about N k1^2 + Q N k1
/// operations.
at::Tensor k_reciprocal_distances(const at::Tensor& squared, int64_t queries, const KReciprocal& options);

/// The order of what a query found: query float32 (D), rows float32 (n, D), nearest first -> int64 (n),
/// places in `rows`, of which the best comes first; equal ones stay in the order of `rows`. Neighbours are
/// looked for among the query and these rows alone, so that the cost does not grow with the index: n^2 D
/// operations. Throws Error where the distance has no square, as dot and snr.
at::Tensor k_reciprocal_order(Distance distance, const at::Tensor& query, const at::Tensor& rows,
                              const KReciprocal& options);

/// Throws Error where k_reciprocal_order() would for every query.
void check_k_reciprocal(Distance distance);

}  // namespace kindred::host
