#pragma once

#include "contrastive.hpp"
#include "core/losses/pair_distance.hpp"

namespace kindred {

/// The loss of contrastive.hpp over scored pairs. With distance d and score y of a pair, it is the sum of
///   the mean of relu(d - positive_margin)^k, weighted by y,
///   the mean of relu(negative_margin - d)^k, weighted by 1 - y, to which every two objects that have no
///   subgroup in common are added with weight 1, each unordered pair of objects once;
/// of both, of the terms above zero only where `active_only`. Pairs that list those of a batch of groups,
/// with scores 1 and 0, or the positive ones with their group as subgroup, give what the batch gives.
at::Tensor contrastive_loss(const ScoredPairs& pairs, const PairDistance& distance,
                            const ContrastiveShape& shape);

}  // namespace kindred
