#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <utility>
#include <vector>

#include "host/check/rule.hpp"
#include "kindred/miner.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 24, kReferences = 40;

PairMasks rows_of(const PairMasks& masks, int64_t first, int64_t end) {
  return {masks.positive.slice(0, first, end), masks.negative.slice(0, first, end)};
}

/// The anchors [first, end) of a batch, with all references.
PairBatch anchors_of(const PairBatch& batch, int64_t first, int64_t end) {
  return {batch.embeddings.slice(0, first, end), batch.references, rows_of(batch.masks, first, end), {}};
}

/// 40 samples of 6 classes; the first 24 are the batch.
PairBatch example(at::ScalarType dtype, uint64_t seed = 1) {
  at::manual_seed(seed);
  const auto references = at::randn({kReferences, Subject::kDimension}, at::kDouble).to(dtype);
  return anchors_of(pair_batch(references, at::arange(kReferences, at::kLong).remainder(6)), 0, kRows);
}

/// Calls it as the host does and returns what is kept, each pair among those given; also as masks.
Mined mined(Miner& miner, const PairBatch& batch, uint64_t seed = 7) {
  at::NoGradGuard no_grad;
  at::manual_seed(seed);
  const PairMasks given = {batch.masks.positive.clone(), batch.masks.negative.clone()};
  const auto kept = miner.mine(batch);
  const int64_t rows = batch.embeddings.size(0), columns = batch.references.size(0);
  if (kept.triplets.defined()) {
    const auto& [anchors, positives, negatives] = kept.triplets;
    for (const auto* list : {&anchors, &positives, &negatives}) {
      require(list->defined() && list->dim() == 1 && list->scalar_type() == at::kLong,
              "gives triplets that are not three int64 (T)");
      require(list->numel() == anchors.numel(), "gives lists of {} anchors and {} others", anchors.numel(),
              list->numel());
      require(list->numel() == 0 || (list->min().item<int64_t>() >= 0 &&
                                     list->max().item<int64_t>() < (list == &anchors ? rows : columns)),
              "gives row numbers outside the batch");
    }
  } else {
    for (const auto* mask : {&kept.masks.positive, &kept.masks.negative}) {
      require(mask->defined() && mask->dim() == 2 && mask->size(0) == rows && mask->size(1) == columns &&
                  mask->scalar_type() == at::kBool,
              "gives masks that are not bool (B, R)");
    }
  }
  const auto masks = kept.triplets.defined() ? masks_of(kept.triplets, rows, columns) : kept.masks;
  require(!masks.positive.logical_and(given.positive.logical_not()).any().item<bool>(),
          "keeps a positive pair that is none");
  require(!masks.negative.logical_and(given.negative.logical_not()).any().item<bool>(),
          "keeps a negative pair that is none");
  return {masks, kept.triplets};
}

void keeps_pairs_of_the_batch(const Subject& subject) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const auto miner = subject.make<Miner>();
    mined(*miner, example(dtype));
    const auto square = example(dtype);
    mined(*miner, pair_batch(square.embeddings, at::arange(kRows, at::kLong).remainder(4)));
  }
}

void copes_with_the_edges(const Subject& subject) {
  const auto miner = subject.make<Miner>();
  const auto x = example(at::kFloat).embeddings;
  mined(*miner, pair_batch(x, at::zeros({kRows}, at::kLong)));  // one class
  mined(*miner, pair_batch(x, at::arange(kRows, at::kLong)));   // classes of one
  mined(*miner, pair_batch(at::ones_like(x), at::arange(kRows, at::kLong).remainder(4)));
  mined(*miner, pair_batch(at::zeros_like(x), at::arange(kRows, at::kLong).remainder(4)));
  mined(*miner, pair_batch(x.slice(0, 0, 1), at::zeros({1}, at::kLong)));
}

void leaves_its_input_alone(const Subject& subject) {
  const auto miner = subject.make<Miner>();
  const auto given = example(at::kFloat);
  const auto references = given.references.clone(), positive = given.masks.positive.clone(),
             negative = given.masks.negative.clone();
  mined(*miner, given);
  require(at::equal(given.references, references) && at::equal(given.masks.positive, positive) &&
              at::equal(given.masks.negative, negative),
          "changes the tensors that it is given");
}

bool same_pairs(const PairMasks& a, const PairMasks& b) {
  return at::equal(a.positive, b.positive) && at::equal(a.negative, b.negative);
}

void repeats_itself(const Subject& subject) {
  const auto one = subject.make<Miner>(), other = subject.make<Miner>();
  const auto given = example(at::kFloat);
  const auto a = mined(*one, given).masks, b = mined(*other, given).masks;
  require(same_pairs(a, b),
          "keeps other pairs of the same batch with the same state of LibTorch's generator");
}

/// Triplets as numbers int64 (T), sorted, whose anchors are counted from `first` on.
at::Tensor sorted_triplets(const Triplets& of, int64_t first = 0) {
  const auto places = ((of.anchors + first) * kReferences + of.positives) * kReferences + of.negatives;
  return std::get<0>(at::sort(places, /*stable=*/true, 0, false));
}

/// Anchors come in parts of 9, 1 and 14. What is kept of them is compared unless it is chance.
void anchors_are_mined_alone(const Subject& subject) {
  const auto miner = subject.make<Miner>();
  const auto* by_anchor = dynamic_cast<const MinesByAnchor*>(miner.get());
  if (by_anchor == nullptr || !by_anchor->mines_by_anchor()) return;
  const auto given = example(at::kDouble);
  const auto whole = mined(*miner, given);
  require(whole.triplets.defined() == by_anchor->gives_triplets(),
          "says otherwise by gives_triplets() than it gives");
  const bool draws = !same_pairs(whole.masks, mined(*subject.make<Miner>(), given, 8).masks);
  std::vector<at::Tensor> triplets;
  bool same = true;
  for (const auto& [first, end] : {std::pair<int64_t, int64_t>{0, 9}, {9, 10}, {10, kRows}}) {
    const auto part = mined(*subject.make<Miner>(), anchors_of(given, first, end));
    same = same && same_pairs(part.masks, rows_of(whole.masks, first, end));
    if (part.triplets.defined()) triplets.push_back(sorted_triplets(part.triplets, first));
  }
  if (whole.triplets.defined()) same = same && at::equal(at::cat(triplets), sorted_triplets(whole.triplets));
  require(draws || same,
          "says by mines_by_anchor() that it looks at one anchor at a time, and keeps other pairs of anchors "
          "where they come without the others");
}

Behaviour behaviour_of(Miner& miner) {
  const auto kept = mined(miner, example(at::kFloat)).masks;
  return {kept.positive, kept.negative};
}

}  // namespace

template <>
KindChecks checks_of<Miner>() {
  return kind_checks<Miner>(
      behaviour_of,
      {
          {"keeps_pairs_of_the_batch", "what it keeps is among what it is given", keeps_pairs_of_the_batch},
          {"copes_with_the_edges", "degenerate batches are no failure", copes_with_the_edges},
          {"leaves_its_input_alone", "embeddings and masks are not changed", leaves_its_input_alone},
          {"repeats_itself", "the same batch and seed give the same pairs", repeats_itself},
          {"anchors_are_mined_alone", "pairs of an anchor do not depend on other anchors",
           anchors_are_mined_alone},
      });
}

}  // namespace kindred::host
