#pragma once

#include <ATen/ATen.h>

#include <limits>

#include "kindred/pairs.hpp"

namespace kindred {

/// Pairs near or beyond the hardest one of the other kind (Wang et al. 2019, the pair mining that goes with
/// L_MS), on similarities s: positives with s_ip - epsilon < max_n s_in, negatives with s_in + epsilon >
/// min_p s_ip. An anchor without one kind keeps nothing of the other.
inline PairMasks multi_similarity_pairs(const at::Tensor& similarities, const PairMasks& masks,
                                        double epsilon) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto hardest_negative =
      similarities.masked_fill(masks.negative.logical_not(), -infinity).amax(1, true);
  const auto hardest_positive =
      similarities.masked_fill(masks.positive.logical_not(), infinity).amin(1, true);
  return {masks.positive.logical_and(similarities - epsilon < hardest_negative),
          masks.negative.logical_and(similarities + epsilon > hardest_positive)};
}

}  // namespace kindred
