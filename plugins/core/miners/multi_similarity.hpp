#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

namespace kindred {

/// Pairs near or beyond the hardest one of the other kind (Wang et al. 2019, the pair mining that goes with
/// L_MS), on similarities s: positives with s_ip - epsilon < max_n s_in, negatives with s_in + epsilon >
/// min_p s_ip. An anchor without one kind keeps nothing of the other.
PairMasks multi_similarity_pairs(const at::Tensor& similarities, const PairMasks& masks, double epsilon);

}  // namespace kindred
