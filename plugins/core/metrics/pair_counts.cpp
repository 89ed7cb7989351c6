#include "pair_counts.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>

#include "paired_similarity.hpp"

namespace kindred {
namespace {

/// Calls `consume` with the similarities of pairs: positive ones, negative ones.
using Consume = std::function<void(const at::Tensor&, const at::Tensor&)>;

/// The pairs of a list, at once: a number each is little beside their embeddings.
void for_listed_pairs(const EvaluatedSet& set, Distance distance, const Consume& consume) {
  const auto similarity = paired_similarities(set, distance);
  const auto positive = positive_pairs(set);
  consume(similarity.masked_select(positive), similarity.masked_select(positive.logical_not()));
}

/// Hands out the unordered pairs of each tile of rows.
void for_each_tile(const EvaluatedSet& set, Distance distance, const Consume& consume) {
  const int64_t count = set.labels.numel();
  const int64_t rows = std::max<int64_t>(1, set.tile_bytes / std::max<int64_t>(1, count * 4));
  const auto columns = at::arange(count, at::kLong).unsqueeze(0);
  for (int64_t first = 0; first < count; first += rows) {
    const int64_t last = std::min(first + rows, count);
    const auto similarity =
        distance_matrix(distance, set.embeddings.slice(0, first, last), set.embeddings).neg().cpu();
    const auto later = columns > at::arange(first, last, at::kLong).unsqueeze(1);
    const auto same = set.labels.slice(0, first, last).unsqueeze(1) == set.labels.unsqueeze(0);
    consume(similarity.masked_select(later.logical_and(same)),
            similarity.masked_select(later.logical_and(same.logical_not())));
  }
}

}  // namespace

PairCounts count_pairs(const EvaluatedSet& set, Distance distance) {
  at::NoGradGuard no_grad;
  const auto for_pairs = set.pairs.defined() ? for_listed_pairs : for_each_tile;
  PairCounts out;
  std::vector<at::Tensor> positives = {at::empty({0}, at::kFloat)};
  for_pairs(set, distance, [&](const at::Tensor& positive, const at::Tensor& negative) {
    positives.push_back(positive);
    out.negatives += static_cast<double>(negative.numel());
  });
  out.positives = std::get<0>(at::cat(positives).sort()).contiguous();
  const int64_t count = out.positives.numel();
  // bins[i]: negatives with exactly i positives below them, or below or equal.
  auto below = at::zeros({count + 1}, at::kLong), not_above = at::zeros({count + 1}, at::kLong);
  for_pairs(set, distance, [&](const at::Tensor&, const at::Tensor& negative) {
    below += at::searchsorted(out.positives, negative).bincount({}, count + 1);
    not_above += at::searchsorted(out.positives, negative, false, true).bincount({}, count + 1);
  });
  // A negative is above positive i when more than i positives lie below it.
  const auto suffix = [&](const at::Tensor& bins) {
    return bins.flip(0).cumsum(0).flip(0).slice(0, 1).to(at::kDouble);  // (P): bins beyond i
  };
  out.negatives_above = suffix(below);
  out.negatives_equal = suffix(not_above) - out.negatives_above;
  return out;
}

}  // namespace kindred
