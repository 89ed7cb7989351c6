#pragma once

#include "pairs.hpp"

namespace kindred {

/// Contrastive loss (Hadsell, Chopra, LeCun 2006, eq. 4) on distances d (B, R):
///   relu(d - positive_margin)^k over positive pairs + relu(negative_margin - d)^k over negative ones,
/// k = 1, or 2 when `squared`; each the mean of its active pairs, or of all its pairs.
struct ContrastiveShape {
  double positive_margin, negative_margin;
  bool squared, active_only;
};

inline at::Tensor contrastive_loss(const at::Tensor& distances, const PairMasks& masks,
                                   const ContrastiveShape& shape) {
  const auto term = [&](const at::Tensor& gap, const at::Tensor& chosen) {
    const auto active = gap.relu();
    return mean_of_chosen(shape.squared ? active.square() : active,
                          shape.active_only ? chosen.logical_and(active > 0) : chosen);
  };
  return term(distances - shape.positive_margin, masks.positive) +
         term(shape.negative_margin - distances, masks.negative);
}

}  // namespace kindred
