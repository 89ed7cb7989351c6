#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// For each anchor with both a positive and a negative in the batch, the farthest positive and the nearest
/// negative. int64 (A) row numbers of the batch each; of equal distances the lowest row number is taken.
struct HardestPairs {
  at::Tensor anchors, positives, negatives;
};

/// distances (B, B) without a gradient, labels int64 (B) on the same device.
HardestPairs hardest_pairs(const at::Tensor& distances, const at::Tensor& labels);

}  // namespace kindred
