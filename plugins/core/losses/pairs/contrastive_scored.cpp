#include "contrastive_scored.hpp"

#include <ATen/ATen.h>

#include "core/losses/scored_pairs/pair_objects.hpp"
#include "kindred/distance.hpp"

namespace kindred {
namespace {

/// Sums for a weighted mean.
struct Share {
  at::Tensor sum, weight;
};

Share operator+(const Share& a, const Share& b) { return {a.sum + b.sum, a.weight + b.weight}; }

Share share(const at::Tensor& gap, const at::Tensor& weights, const ContrastiveShape& shape) {
  const auto active = gap.relu();
  const auto counted = shape.active_only ? weights * (active > 0) : weights;
  return {(weights * (shape.squared ? active.square() : active)).sum(), counted.sum()};
}

at::Tensor mean(const Share& of) {
  return of.sum / at::where(of.weight > 0, of.weight, at::ones_like(of.weight));
}

/// Objects without a common subgroup are negatives though no pair names them. Each two of them are compared
/// in both directions, so each direction counts half.
Share implicit_negatives(const ScoredPairs& pairs, const PairDistance& distance,
                         const ContrastiveShape& shape) {
  const auto objects = distinct_objects(pairs);
  const auto x = distance.prepared(object_embeddings(objects, pairs));
  const auto apart = share_a_subgroup(objects, pairs.subgroups).logical_not();
  return share(shape.negative_margin - distance_matrix(distance.distance(), x, x),
               0.5 * apart.to(x.scalar_type()), shape);
}

}  // namespace

at::Tensor contrastive_loss(const ScoredPairs& pairs, const PairDistance& distance,
                            const ContrastiveShape& shape) {
  const auto d = paired_distance(distance.distance(), distance.prepared(pairs.a), distance.prepared(pairs.b));
  const auto positive = share(d - shape.positive_margin, pairs.scores, shape);
  auto negative = share(shape.negative_margin - d, 1 - pairs.scores, shape);
  // One subgroup is the usual case, and the only one without a matrix of all distances.
  if ((pairs.subgroups != pairs.subgroups.select(0, 0)).any().item<bool>())
    negative = negative + implicit_negatives(pairs, distance, shape);
  return mean(positive) + mean(negative);
}

}  // namespace kindred
