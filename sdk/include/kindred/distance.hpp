#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred {

/// One definition per distance, used by losses, miners, metrics and search alike. x, y: rows of D numbers.
///   cosine             1 - cos(x, y), 0..2
///   euclidean          |x - y|_2
///   squared_euclidean  |x - y|_2 ^ 2
///   manhattan          |x - y|_1
///   dot                -<x, y>
///   snr                var(x - y) / var(x), not symmetric, zero where x is constant
///                      (Yuan et al. 2019, eq. 3)
///   lp                 |x - y|_p
struct Distance {
  enum Kind { cosine, euclidean, squared_euclidean, manhattan, dot, snr, lp };
  // NOLINTNEXTLINE(google-explicit-constructor): Distance::cosine is a distance
  constexpr Distance(Kind the_kind, double the_p = 2) : kind(the_kind), p(the_p) {}

  Kind kind;
  double p;  ///< of lp, at least 1
};

/// "cosine", "euclidean", "squared_euclidean", "manhattan", "dot", "snr"; lp has a number beside its name and
/// is not among them.
const std::vector<std::string>& distance_names();

/// Throws Error that lists the names.
Distance distance_from_name(const std::string& name);

/// (A, D), (B, D) -> (A, B), differentiable; numbers of any magnitude that the distance itself has; the
/// gradient at distance zero is zero, never NaN. Takes memory O(A B + (A + B) D).
at::Tensor distance_matrix(Distance distance, const at::Tensor& a, const at::Tensor& b);

/// (A, D), (B, D) -> (A, B): <a, b>, differentiable. Where both are one tensor of many rows, half of the
/// products are computed, and the gradient takes one product of matrices in place of two.
at::Tensor inner_products(const at::Tensor& a, const at::Tensor& b);

/// (A, D), (A, D) -> (A): row by row, differentiable in the same way.
at::Tensor paired_distance(Distance distance, const at::Tensor& a, const at::Tensor& b);

/// x / |x|_2 along the last dimension; zero stays zero. Where the length is below `eps`, or its square is too
/// large for the dtype, x is scaled by a power of two first, so that it keeps its direction.
at::Tensor l2_normalized(const at::Tensor& x, double eps = 1e-12);

}  // namespace kindred
