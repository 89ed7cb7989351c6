#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/loss.hpp"

namespace kindred {

/// Contrastive loss (Hadsell, Chopra, LeCun 2006, eq. 4) on distances d (B, R):
///   relu(d - positive_margin)^k over positive pairs + relu(negative_margin - d)^k over negative ones,
/// k = 1, or 2 when `squared`; each the mean of its active pairs, or of all its pairs.
struct ContrastiveShape {
  double positive_margin, negative_margin;
  bool squared, active_only;
};

/// What the rows of `distances` add to the loss above; masks of the same shape.
LossSums contrastive_sums(const at::Tensor& distances, const PairMasks& masks, const ContrastiveShape& shape);

}  // namespace kindred
