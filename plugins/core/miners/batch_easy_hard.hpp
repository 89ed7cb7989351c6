#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

namespace kindred {

/// What is chosen among the pairs of an anchor. semi_hard: a negative that is farther than the anchor's
/// chosen positive, the nearest such; a positive that is nearer than the chosen negative, the farthest such.
enum class Hardness { easy, semi_hard, hard };

/// One positive and one negative per anchor by distances (B, R); anchors that lack one are left out. Not both
/// may be semi_hard.
Triplets chosen_triplets(const at::Tensor& distances, const PairMasks& masks, Hardness positive,
                         Hardness negative);

}  // namespace kindred
