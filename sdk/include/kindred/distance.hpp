#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred {

/// One definition per distance, used by losses, metrics and search alike.
///   cosine     1 - cos(x, y), 0..2
///   euclidean  |x - y|_2
///   dot        -<x, y>
enum class Distance { cosine, euclidean, dot };

/// "cosine", "euclidean", "dot".
const std::vector<std::string>& distance_names();

/// Throws Error that lists the names.
Distance distance_from_name(const std::string& name);

/// (A, D), (B, D) -> (A, B), differentiable; the gradient at distance zero is zero, never NaN.
at::Tensor distance_matrix(Distance distance, const at::Tensor& a, const at::Tensor& b);

/// (A, D), (A, D) -> (A): row by row, differentiable in the same way.
at::Tensor paired_distance(Distance distance, const at::Tensor& a, const at::Tensor& b);

/// x / max(|x|_2, eps) along the last dimension.
at::Tensor l2_normalized(const at::Tensor& x, double eps = 1e-12);

}  // namespace kindred
