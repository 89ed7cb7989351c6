#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/distance.hpp"

namespace kindred {

/// For each anchor with both a positive and a negative in the batch, the farthest positive and the nearest
/// negative. int64 (A) row numbers of the batch each; of equal distances the lowest row number is taken.
struct HardestPairs {
  at::Tensor anchors, positives, negatives;
};

/// embeddings (B, D), labels int64 (B) on the same device; no gradient. The matrix of distances is
/// symmetric and is never whole: tiles on and above its diagonal are computed once and read both ways.
HardestPairs hardest_pairs(Distance distance, const at::Tensor& embeddings, const at::Tensor& labels);

}  // namespace kindred
