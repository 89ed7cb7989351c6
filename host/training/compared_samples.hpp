#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

namespace kindred::host {

/// What a loss over pairs compares: the samples of a batch with each other, and with those that a memory
/// remembers. Masks are made of the labels when somebody asks for them, since those of a large batch are the
/// largest tensors of a step. All tensors are on one device.
struct ComparedSamples {
  at::Tensor embeddings;  ///< (B, D)
  at::Tensor labels;      ///< int64 (B)
  at::Tensor samples{};   ///< int64 (B): numbers that tell samples apart; undefined where none is remembered

  /// (M, D) in the dtype of the embeddings, int64 (M), int64 (M); undefined where none is remembered. They
  /// are views of the memory, which changes when it gets the next batch.
  at::Tensor remembered{}, remembered_labels{}, remembered_samples{};

  /// Returns R = B + M.
  int64_t references() const;

  /// Returns the whole batch, whose tensors are copies of what is remembered.
  PairBatch batch() const;

  /// Returns the rows that `anchors` int64 (T) names, with all references.
  PairBatch rows(const at::Tensor& anchors) const;

 private:
  at::Tensor all_references() const;
  PairMasks masks(const at::Tensor& anchors) const;
};

}  // namespace kindred::host
