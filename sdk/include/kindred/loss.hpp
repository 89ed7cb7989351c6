#pragma once

#include "kindred/module.hpp"
#include "kindred/pairs.hpp"

namespace kindred {

/// A batch of pairs, at least one. All tensors are on one device; scores have the dtype of the embeddings.
struct ScoredPairs {
  at::Tensor a, b;       ///< (P, D) each: embeddings of the first and of the second objects
  at::Tensor scores;     ///< (P) from 0 (dissimilar) to 1 (similar)
  at::Tensor subgroups;  ///< int64 (P): objects of pairs in other subgroups are known to be dissimilar
  at::Tensor a_objects, b_objects;  ///< int64 (P) each: equal numbers are one object
};

/// What the host has to know of a loss.
struct LossTraits {
  /// Labels are the training classes, numbered from 0 to Site::classes - 1. Such a loss says nothing about
  /// classes that are not trained, so it is not computed in validation.
  bool class_proxies = false;
  /// forward_pairs() is there.
  bool pairs = false;
  /// forward_scored() is there: the loss also takes a dataset of pairs.
  bool scored_pairs = false;
  /// forward() is there: the loss takes a dataset of groups.
  bool groups = true;
  /// The order of the batch decides what is compared, on purpose.
  bool order_matters = false;
  /// Factors that depend on the embeddings are held constant in the gradient, on purpose.
  bool constant_factors = false;
};

/// A loss over labelled embeddings. [any thread, one at a time]
///
/// There are four kinds, which differ in what is said of the samples; AnchorLoss and SumsOverSamples, below,
/// are for those whose batches may be large:
///   plain          derive from Loss and write forward(): whether two labels are equal is all that they say
///   over pairs     derive from PairLoss and write forward_pairs(): labels are masks, so that miners and a
///                  memory of earlier batches work with it
///   class proxies  derive from Loss and say so in traits(): labels are classes 0 to Site::classes - 1
///   scored pairs   derive from ScoredPairLoss and write forward_scored(): there are no labels, but pairs of
///                  samples that somebody scored
class __attribute__((visibility("default"))) Loss : public Module {
 public:
  static constexpr const char* kKind = "loss";
  static constexpr uint32_t kRevision = 4;

  /// embeddings (B, D) float32 or float64, labels (B) int64 on the same device -> scalar of the same dtype,
  /// differentiable in `embeddings`. A batch without any pair or triplet gives a zero that still has a
  /// gradient path. Inputs are never changed.
  virtual at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) = 0;

  virtual LossTraits traits() const { return {}; }

  /// The loss of what a miner or a memory left to compare, differentiable in batch.embeddings and, in its
  /// first B rows, batch.references. Throws Error unless traits().pairs.
  virtual at::Tensor forward_pairs(const PairBatch& batch);

  /// The loss of scored pairs -> scalar, differentiable in pairs.a and pairs.b. Throws Error unless
  /// traits().scored_pairs.
  virtual at::Tensor forward_scored(const ScoredPairs& pairs);
};

/// A loss that sees labels only as masks of positive and negative pairs.
class __attribute__((visibility("default"))) PairLoss : public Loss {
 public:
  LossTraits traits() const override {
    LossTraits out;
    out.pairs = true;
    return out;
  }
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return forward_pairs(pair_batch(embeddings, labels));
  }
  at::Tensor forward_pairs(const PairBatch& batch) override = 0;
};

/// What some samples of a batch add to a loss, which is
///   sum over k of  (sums_k added up over all samples) / max(1, counts_k added up over all samples)
struct LossSums {
  at::Tensor sums;    ///< (K), K >= 1 and always the same, in the dtype of the embeddings; with a graph
  at::Tensor counts;  ///< (K), in the same dtype, not negative; without a gradient
};

/// Returns the loss of a batch, (), from what all its samples add to it.
at::Tensor loss_of(const LossSums& all);

/// What a loss over pairs derives from besides, where each anchor adds to it what depends on no other anchor:
/// most losses are means of such terms. The host then computes the terms of some anchors at a time, so that
/// masks and distances of a large batch are never whole, and several processes divide the anchors among them.
/// `AnchorLoss` below is both. [any thread, one at a time]
class __attribute__((visibility("default"))) SumsOverAnchors {
 public:
  virtual ~SumsOverAnchors() = default;

  /// Says whether the loss is such a sum with the parameters that it has.
  virtual bool is_sum_over_anchors() const = 0;

  /// anchors: a whole batch, as forward_pairs() gets it, also with the triplets of a miner; or T of its B
  /// rows, whose embeddings are at any place among the first B references, and these have a gradient, too. It
  /// changes no state, since each process sees other anchors. Called with some rows only where
  /// is_sum_over_anchors(), or is_sum_over_triplets() where the anchors have triplets.
  virtual LossSums sum_over_anchors(const PairBatch& anchors) = 0;

  /// Says whether the loss is such a sum where a miner has chosen its triplets.
  virtual bool is_sum_over_triplets() const { return is_sum_over_anchors(); }
};

/// The same of a loss with class proxies, where each sample adds what depends on no other sample: the samples
/// of a large batch come in parts then, and several processes divide them. [any thread, one at a time]
class __attribute__((visibility("default"))) SumsOverSamples {
 public:
  virtual ~SumsOverSamples() = default;

  /// Says whether the loss is such a sum with the parameters that it has.
  virtual bool is_sum_over_samples() const = 0;

  /// embeddings (T, D), labels int64 (T): some samples of a batch, at least one. Called only where
  /// is_sum_over_samples().
  virtual LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) = 0;
};

/// A loss over pairs that is a sum over anchors.
class __attribute__((visibility("default"))) AnchorLoss : public PairLoss, public SumsOverAnchors {
 public:
  bool is_sum_over_anchors() const override { return true; }
  at::Tensor forward_pairs(const PairBatch& batch) override { return loss_of(sum_over_anchors(batch)); }
};

/// A loss over scored pairs alone.
class __attribute__((visibility("default"))) ScoredPairLoss : public Loss {
 public:
  LossTraits traits() const override {
    LossTraits out;
    out.scored_pairs = true;
    out.groups = false;
    return out;
  }
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) final;
  at::Tensor forward_scored(const ScoredPairs& pairs) override = 0;
};

}  // namespace kindred
