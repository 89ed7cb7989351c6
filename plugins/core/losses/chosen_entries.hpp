#pragma once

#include <ATen/core/Tensor.h>

#include "core/losses/loss_sums.hpp"

namespace kindred {

/// The entries of a matrix that a mask chooses, as what a loss computes of each of them alone: of few entries
/// on the CPU those only, else all of them, of which sums() takes the chosen ones.
class ChosenEntries {
 public:
  /// chosen: bool (B, R).
  explicit ChosenEntries(const at::Tensor& chosen);

  /// Values of a matrix (B, R), of a vector (B) and of a vector (R) at each entry. They broadcast against
  /// each other.
  at::Tensor of(const at::Tensor& matrix) const;
  at::Tensor of_rows(const at::Tensor& vector) const;
  at::Tensor of_columns(const at::Tensor& vector) const;

  /// The sum of values that were computed from those and the number of the entries, (1) each; a zero with a
  /// gradient path where none is chosen.
  LossSums sums(const at::Tensor& values) const;

 private:
  at::Tensor chosen_;
  at::Tensor rows_, columns_;  ///< int64 (E); undefined where all entries are computed
};

}  // namespace kindred
