#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/index.hpp"

namespace kindred {

/// Rows as a bit for each of their numbers: x ~ m + s sign(x - m), where m is the mean of every column and s
/// its mean deviation. Without m, rows that are never negative would all have one code. Queries stay as they
/// are, so only one side of a comparison is rounded (asymmetric distances, Gordo, Perronnin, Gong, Lazebnik
/// 2014).
struct SignCodes {
  at::Tensor mean, deviation;  ///< float32 (D) on any device

  /// Learns both from all rows, of which there is at least one, in memory that does not grow with them.
  static SignCodes learn(const StoredRows& rows);

  /// Rows (n, D) of any number type -> uint8 (n, ceil(D / 8)), the first number in the lowest bit; bits
  /// behind the last number are 0.
  at::Tensor encoded(const at::Tensor& rows) const;

  /// What codes stand for: uint8 (n, ceil(D / 8)) on the device of `mean` -> float32 (n, D) there.
  at::Tensor decoded(const at::Tensor& codes) const;

  int64_t code_bytes() const { return (mean.size(0) + 7) / 8; }  ///< of a row
};

}  // namespace kindred
