#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// Which entries of a (B, R) matrix of distances are positive and which are negative pairs; the others do not
/// count. A sample is neither with itself.
struct PairMasks {
  at::Tensor positive, negative;  ///< bool (B, R)
};

/// labels int64 (B) -> masks (B, B).
PairMasks pair_masks(const at::Tensor& labels);
/// The rows of these that `anchors` int64 (T) names: masks (T, B).
PairMasks pair_masks(const at::Tensor& labels, const at::Tensor& anchors);

/// Row numbers int64 (T) each: anchors of the embeddings, positives and negatives of the references.
struct Triplets {
  at::Tensor anchors, positives, negatives;

  bool defined() const { return anchors.defined(); }
};

/// What a loss over pairs or triplets compares: every embedding with every reference. All tensors are on one
/// device.
struct PairBatch {
  at::Tensor embeddings;  ///< (B, D)
  /// (R, D), R >= B: the first B rows are the embeddings themselves, the others come from earlier batches and
  /// have no gradient. Where a loss or a miner gets some anchors of a batch (SumsOverAnchors, MinesByAnchor),
  /// the embeddings are rows anywhere among the first B.
  at::Tensor references;
  PairMasks masks;
  /// Undefined, unless a miner chose triplets one by one; the masks then hold their pairs.
  Triplets triplets;
};

/// A batch by itself: embeddings (B, D), labels int64 (B).
PairBatch pair_batch(const at::Tensor& embeddings, const at::Tensor& labels);

/// The masks of the pairs in `triplets`, each pair once: bool (rows, columns).
PairMasks masks_of(const Triplets& triplets, int64_t rows, int64_t columns);

}  // namespace kindred
