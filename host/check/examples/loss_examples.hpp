#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kindred/loss.hpp"

namespace kindred::host {

/// A batch for a loss to judge: samples with labels, or pairs with scores. float64.
struct LossExample {
  at::Tensor embeddings, labels;
  /// Where its scores are defined, the first half of `embeddings` is paired with the second; a and b are not.
  ScoredPairs pairs{};

  bool is_of_pairs() const { return pairs.scores.defined(); }
  const char* what() const { return is_of_pairs() ? "scored pairs" : "labelled samples"; }
};

/// Gives 12 samples of 4 classes, or 12 pairs, in general position.
LossExample labelled_example(uint64_t seed = 1);
LossExample scored_example(uint64_t seed = 1);

/// Gives one example for every kind of batch that the loss takes. Throws RuleBroken when it takes none.
std::vector<LossExample> loss_examples(const Loss& loss, uint64_t seed = 1);

/// What can befall batches of those kinds.
struct LossEdge {
  const char* name;
  LossExample batch;
};
std::vector<LossEdge> loss_edges(const Loss& loss);

/// Returns what forward() gives for labelled samples, or forward_scored() for scored pairs.
at::Tensor value_of(Loss& loss, const LossExample& of);

/// Lists everything that the loss is given.
std::vector<at::Tensor> inputs_of(const LossExample& of);

/// Returns the example with other embeddings; its scores get their dtype.
LossExample with_embeddings(LossExample of, const at::Tensor& embeddings);

/// Returns the samples, or the pairs, whose numbers are in `order`.
LossExample in_order(const LossExample& of, const at::Tensor& order);

/// The same batch with other numbers of classes, or of objects and subgroups of pairs: some that float32, and
/// some that float64 cannot tell apart.
std::vector<LossExample> renumbered(const LossExample& of);

}  // namespace kindred::host
