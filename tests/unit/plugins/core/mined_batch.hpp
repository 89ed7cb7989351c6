#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "kindred/miner.hpp"

namespace kindred::testing {

/// What a loss sees of a batch when a miner chooses: as in the host, the pairs of mined triplets are in the
/// masks too.
inline PairBatch mined_batch(Miner& miner, PairBatch batch) {
  at::NoGradGuard no_grad;
  auto seen = batch;
  seen.embeddings = batch.embeddings.detach();
  seen.references = batch.references.detach();
  const auto kept = miner.mine(seen);
  batch.triplets = kept.triplets;
  batch.masks = kept.triplets.defined()
                    ? masks_of(kept.triplets, batch.embeddings.size(0), batch.references.size(0))
                    : kept.masks;
  return batch;
}

}  // namespace kindred::testing
