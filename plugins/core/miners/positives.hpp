#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "kindred/pairs.hpp"

namespace kindred {

/// The positives of each anchor, one after the other, so that what is done for all of them takes memory for
/// one matrix at a time.
struct PositiveLists {
  at::Tensor columns;  ///< int64 (B, K), K the largest number of positives; surplus places hold other columns
  at::Tensor counts;   ///< int64 (B)

  int64_t longest() const { return columns.size(1); }
  /// bool (B, K): which places hold a positive.
  at::Tensor are_there() const;
  /// bool (B): anchors that have a positive number k.
  at::Tensor has(int64_t k) const { return counts.gt(k); }
  /// Returns the column of positive number k of each anchor, (B, 1).
  at::Tensor column(int64_t k) const { return columns.slice(1, k, k + 1); }
};

PositiveLists positive_lists(const PairMasks& masks);

/// Triplets of each positive and one negative, `choices` int64 (B, K), of the anchors that have one.
/// negatives: bool (B, R).
Triplets triplets_of(const PositiveLists& lists, const at::Tensor& choices, const at::Tensor& negatives);

/// Triplets of every anchor's positive k and the columns that `choose`, given the columns (B, 1) of these
/// positives, marks in a mask (B, R); for all k together.
Triplets triplets_by_positive(const PairBatch& batch,
                              const std::function<at::Tensor(const at::Tensor& column)>& choose);

}  // namespace kindred
