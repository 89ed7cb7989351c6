#pragma once

#include "kindred/module.hpp"
#include "kindred/pairs.hpp"

namespace kindred {

/// What the host has to know of a loss.
struct LossTraits {
  /// Labels are the training classes, numbered from 0 to Site::classes - 1. Such a loss says nothing about
  /// classes that are not trained, so it is not computed in validation.
  bool class_proxies = false;
  /// forward_pairs() is there.
  bool pairs = false;
  /// On purpose: the order of the batch decides what is compared.
  bool order_matters = false;
  /// On purpose: factors that depend on the embeddings are held constant in the gradient.
  bool constant_factors = false;
};

/// A loss over labelled embeddings. [any thread, one at a time]
///
/// There are three kinds, which differ in what is said of the labels:
///   plain          derive from Loss and write forward(): whether two labels are equal is all that they say
///   over pairs     derive from PairLoss and write forward_pairs(): labels are masks, so that miners and a
///                  memory of earlier batches work with it
///   class proxies  derive from Loss and say so in traits(): labels are classes 0 to Site::classes - 1
class __attribute__((visibility("default"))) Loss : public Module {
 public:
  static constexpr const char* kKind = "loss";
  static constexpr uint32_t kRevision = 2;

  /// embeddings (B, D) float32 or float64, labels (B) int64 on the same device -> scalar of the same dtype,
  /// differentiable in `embeddings`. A batch without any pair or triplet gives a zero that still has a
  /// gradient path. Inputs are never changed.
  virtual at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) = 0;

  virtual LossTraits traits() const { return {}; }

  /// The loss of what a miner or a memory left to compare, differentiable in batch.embeddings and, in its
  /// first B rows, batch.references. Throws Error unless traits().pairs.
  virtual at::Tensor forward_pairs(const PairBatch& batch);
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

}  // namespace kindred
