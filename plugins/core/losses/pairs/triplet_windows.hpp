#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

namespace kindred {

/// Which negatives n of an anchor a make triplets with its positive p: d_an < d_ap + margin, and d_ap < d_an
/// unless the nearer ones count, too.
struct TripletWindow {
  double margin;
  bool takes_nearer;
};

/// What all these triplets add up to; without gradients.
struct TripletSums {
  at::Tensor gaps;      ///< (): the sum of d_ap - d_an + margin
  at::Tensor count;     ///< ()
  at::Tensor gradient;  ///< (B, R): of `gaps` with respect to the distances
};

/// distances (B, R), float32 or float64. On the CPU each row is read once for every positive of it, or its
/// positives are searched where they are many. Memory is O(B R).
TripletSums triplet_sums(const at::Tensor& distances, const PairMasks& masks, const TripletWindow& window);

/// The same by operators, for other devices: the negatives of each row are sorted.
TripletSums triplet_sums_by_sorting(const at::Tensor& distances, const PairMasks& masks,
                                    const TripletWindow& window);

}  // namespace kindred
