#pragma once

#include <ATen/ATen.h>

#include <limits>

#include "kindred/pairs.hpp"

namespace kindred {

/// What is chosen among the pairs of an anchor. semi_hard: a negative that is farther than the anchor's
/// chosen positive, the nearest such; a positive that is nearer than the chosen negative, the farthest such.
enum class Hardness { easy, semi_hard, hard };

/// One positive and one negative per anchor by distances (B, R); anchors that lack one are left out. Not both
/// may be semi_hard.
inline Triplets chosen_triplets(const at::Tensor& distances, const PairMasks& masks, Hardness positive,
                                Hardness negative) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto farthest = [&](const at::Tensor& among) {
    return distances.masked_fill(among.logical_not(), -infinity).max(1);
  };
  const auto nearest = [&](const at::Tensor& among) {
    return distances.masked_fill(among.logical_not(), infinity).min(1);
  };
  const auto choose_positive = [&](const at::Tensor& among) {
    return positive == Hardness::easy ? nearest(among) : farthest(among);
  };
  const auto choose_negative = [&](const at::Tensor& among) {
    return negative == Hardness::easy ? farthest(among) : nearest(among);
  };
  auto positives = masks.positive, negatives = masks.negative;
  at::Tensor p, n;
  if (positive == Hardness::semi_hard) {
    const auto found = choose_negative(negatives);
    n = std::get<1>(found);
    positives = positives.logical_and(distances < std::get<0>(found).unsqueeze(1));
    p = std::get<1>(choose_positive(positives));
  } else {
    const auto found = choose_positive(positives);
    p = std::get<1>(found);
    if (negative == Hardness::semi_hard) {
      negatives = negatives.logical_and(distances > std::get<0>(found).unsqueeze(1));
    }
    n = std::get<1>(choose_negative(negatives));
  }
  const auto anchors = positives.any(1).logical_and(negatives.any(1)).nonzero().squeeze(1);
  return {anchors, p.index_select(0, anchors), n.index_select(0, anchors)};
}

}  // namespace kindred
