#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred {

/// float32 (P) on the CPU: the similarity (minus the distance) of the two samples of each of set.pairs.
/// Embeddings are gathered in tiles.
at::Tensor paired_similarities(const EvaluatedSet& set, Distance distance);

/// bool (P): which of set.pairs are positive, by a score of at least one half.
at::Tensor positive_pairs(const EvaluatedSet& set);

}  // namespace kindred
