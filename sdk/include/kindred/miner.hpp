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

/// What a miner derives from besides, where the pairs that it keeps of an anchor depend on no other anchor.
/// What it draws at random may differ. A large batch then comes some anchors at a time, as it does for a loss
/// that is a sum over anchors (kindred/loss.hpp), so that masks and distances are never whole, and processes
/// that train together divide the anchors. `AnchorMiner` below is both. [any thread, one at a time]
class __attribute__((visibility("default"))) MinesByAnchor {
 public:
  virtual ~MinesByAnchor() = default;

  /// Says whether it is so with the parameters that the miner has. mine() then also gets T of the B rows of a
  /// batch, T >= 1 as the host likes: their embeddings are at any place among the references, and triplets
  /// number them from 0 to T - 1. The host sets the generator for each call. A call changes no state, since
  /// each process sees other anchors.
  virtual bool mines_by_anchor() const = 0;

  /// Says whether mine() gives triplets, and not masks, in every call.
  virtual bool gives_triplets() const = 0;
};

/// A miner that looks at one anchor at a time.
class __attribute__((visibility("default"))) AnchorMiner : public Miner, public MinesByAnchor {
 public:
  bool mines_by_anchor() const override { return true; }
};

}  // namespace kindred
