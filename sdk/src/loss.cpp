#include "kindred/loss.hpp"

#include "kindred/error.hpp"

namespace kindred {

at::Tensor Loss::forward_pairs(const PairBatch&) {
  throw Error("this loss takes labels, not pairs; it goes without a miner and without a memory");
}

at::Tensor Loss::forward_scored(const ScoredPairs&) {
  throw Error("this loss takes samples with labels, not scored pairs");
}

at::Tensor ScoredPairLoss::forward(const at::Tensor&, const at::Tensor&) {
  throw Error("this loss takes scored pairs; its dataset must be one of pairs");
}

at::Tensor loss_of(const LossSums& all) { return (all.sums / all.counts.clamp_min(1)).sum(); }

}  // namespace kindred
