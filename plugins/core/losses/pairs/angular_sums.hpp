#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// What the angular loss sums over the positive pairs of a batch with itself.
struct AngularSums {
  at::Tensor value;     ///< (): sum_ap log(1 + sum_n exp(4 t (s_an + s_pn) - 2 (1 + t) s_ap))
  at::Tensor gradient;  ///< (B, B): of `value` with respect to the similarities
};

/// similarities (B, B): cosines, float32 or float64, on the CPU. pairs: bool (B, B), the pairs (a, p) that
/// count; negatives: bool (B, B), n of each a, of which each a with a pair has one. The products are made for
/// these pairs alone. Memory is O(B^2).
AngularSums angular_sums(const at::Tensor& similarities, const at::Tensor& pairs, const at::Tensor& negatives,
                         double t);

}  // namespace kindred
