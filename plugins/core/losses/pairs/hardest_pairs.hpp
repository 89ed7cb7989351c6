#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/distance.hpp"
#include "kindred/pairs.hpp"

namespace kindred {

/// Finds, for each anchor with both a positive and a negative in the batch, the farthest positive and the
/// nearest negative; on the CPU, of equal distances the lowest row number is taken. embeddings (B, D), labels
/// int64 (B) on the same device; no gradient. On the CPU the matrix of distances is symmetric and is never
/// whole: tiles on and above its diagonal are computed once and read both ways.
Triplets hardest_pairs(Distance distance, const at::Tensor& embeddings, const at::Tensor& labels);

}  // namespace kindred
