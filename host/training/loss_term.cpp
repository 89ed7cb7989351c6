#include "host/training/loss_term.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "host/loader/guarded_call.hpp"

namespace kindred::host {
namespace {

/// Returns what all losses that come in parts have.
LossOfParts parts_of(const LossTerm& term, const at::Tensor& embeddings, int64_t columns) {
  LossOfParts out{embeddings, {}, columns, {}, {}};
  for (const auto& one : term.loss->parameters()) {
    if (one.tensor.requires_grad()) out.parameters.push_back(one.tensor);
  }
  out.call_backward = [&term](const std::function<void()>& backward) {
    guard(term.plugin, term.id, "backward", backward);
  };
  return out;
}

/// Returns how many proxies a loss has: the rows of its largest parameter, or one.
int64_t proxies_of(const LossTerm& term) {
  int64_t rows = 1;
  for (const auto& one : term.loss->parameters()) {
    if (one.tensor.dim() > 0) rows = std::max(rows, one.tensor.size(0));
  }
  return rows;
}

/// Returns the pairs of a batch that a miner keeps.
PairBatch mined(Miner& miner, PairBatch batch) {
  const at::NoGradGuard no_grad;
  auto seen = batch;
  seen.embeddings = batch.embeddings.detach();
  seen.references = batch.references.is_same(batch.embeddings) ? seen.embeddings : batch.references.detach();
  auto kept = miner.mine(seen);
  batch.triplets = kept.triplets;
  batch.masks = kept.triplets.defined()
                    ? masks_of(kept.triplets, batch.embeddings.size(0), batch.references.size(0))
                    : kept.masks;
  return batch;
}

/// Returns the loss as a sum over anchors, of which the host may compute some at a time; null where it is
/// none, or where its miner has to see all of them.
SumsOverAnchors* by_anchors(const LossTerm& term) {
  auto* sums = dynamic_cast<SumsOverAnchors*>(term.loss.get());
  if (sums == nullptr) return nullptr;
  bool has_triplets = false;
  if (term.miner) {
    const auto* miner = dynamic_cast<const MinesByAnchor*>(term.miner.get());
    if (miner == nullptr || !miner->mines_by_anchor()) return nullptr;
    has_triplets = miner->gives_triplets();
  }
  return (has_triplets ? sums->is_sum_over_triplets() : sums->is_sum_over_anchors()) ? sums : nullptr;
}

/// Draws a number from the global generator, to set it to.
uint64_t drawn_seed() {
  return static_cast<uint64_t>(at::randint(int64_t{1} << 62, {}, at::kLong).item<int64_t>());
}

at::Tensor loss_of_anchors(const LossTerm& term, SumsOverAnchors& sums, const ComparedSamples& compared,
                           const PartLimits& limits, Communicator& communicator) {
  auto parts = parts_of(term, compared.embeddings, compared.references());
  // Anchors of one class have their positives in common, which some losses compute with once a part.
  const auto by_class = std::get<1>(at::sort(compared.labels, /*stable=*/true, 0, false));
  // What a miner draws depends on the part alone, and what is drawn next on no part, of which every process
  // has others.
  const auto seed = term.miner ? drawn_seed() : 0;
  parts.part = [&](const at::Tensor& embeddings, int64_t first, int64_t end) {
    auto seen = compared;
    seen.embeddings = embeddings;
    auto batch = seen.rows(by_class.slice(0, first, end));
    if (!term.miner) return sums.sum_over_anchors(batch);
    at::manual_seed(seed + static_cast<uint64_t>(first) + 1);
    return sums.sum_over_anchors(mined(*term.miner, std::move(batch)));
  };
  auto value = loss_by_parts(parts, limits, communicator);
  if (term.miner) at::manual_seed(seed);
  return value;
}

}  // namespace

at::Tensor loss_of_pairs(const LossTerm& term, const ComparedSamples& compared, const PartLimits& limits,
                         Communicator& communicator) {
  auto* sums = by_anchors(term);
  if (sums != nullptr && pays_by_parts(compared.embeddings, compared.references(), limits, communicator)) {
    return loss_of_anchors(term, *sums, compared, limits, communicator);
  }
  if (term.miner) return term.loss->forward_pairs(mined(*term.miner, compared.batch()));
  return compared.remembered.defined() ? term.loss->forward_pairs(compared.batch())
                                       : term.loss->forward(compared.embeddings, compared.labels);
}

at::Tensor loss_of_classes(const LossTerm& term, const at::Tensor& embeddings, const at::Tensor& numbers,
                           const PartLimits& limits, Communicator& communicator) {
  auto* sums = dynamic_cast<SumsOverSamples*>(term.loss.get());
  const bool may_divide = sums != nullptr && sums->is_sum_over_samples();
  const auto proxies = may_divide ? proxies_of(term) : 0;
  if (may_divide && pays_by_parts(embeddings, proxies, limits, communicator)) {
    auto parts = parts_of(term, embeddings, proxies);
    parts.part = [&](const at::Tensor& x, int64_t first, int64_t end) {
      return sums->sum_over_samples(x.slice(0, first, end), numbers.slice(0, first, end));
    };
    return loss_by_parts(parts, limits, communicator);
  }
  return term.loss->forward(embeddings, numbers);
}

}  // namespace kindred::host
