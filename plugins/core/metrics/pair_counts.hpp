#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred {

/// How the negative pairs of a set lie among its positive pairs, by similarity (minus the distance): the
/// pairs that set.pairs lists, positive by a score of at least one half; without a list all unordered pairs,
/// positive by their labels. Exact; pairs are looked at in tiles.
struct PairCounts {
  at::Tensor positives;        ///< float32 (P), ascending similarities
  at::Tensor negatives_above;  ///< float64 (P): negative pairs with a larger similarity than that positive
  at::Tensor negatives_equal;  ///< float64 (P)
  double negatives = 0;        ///< negative pairs in all
};

PairCounts count_pairs(const EvaluatedSet& set, Distance distance);

}  // namespace kindred
