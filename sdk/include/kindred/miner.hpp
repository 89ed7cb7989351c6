#pragma once

#include "kindred/module.hpp"
#include "kindred/pairs.hpp"

namespace kindred {

/// What a miner keeps: pairs, or triplets. One of the two is defined.
struct Mined {
  PairMasks masks;
  Triplets triplets;
};

/// Chooses which pairs or triplets of a batch a loss sees. [any thread, one at a time]
class __attribute__((visibility("default"))) Miner : public Module {
 public:
  static constexpr const char* kKind = "miner";
  static constexpr uint32_t kRevision = 2;

  /// batch: detached embeddings float32 or float64, masks of all pairs, no triplets. Called without
  /// gradients. Pairs of the answer are among those of `batch`: masks bool (B, R), or triplets whose two
  /// pairs are. What is random is drawn from LibTorch's global generator of the CPU, which the host sets at
  /// every step.
  virtual Mined mine(const PairBatch& batch) = 0;
};

}  // namespace kindred
