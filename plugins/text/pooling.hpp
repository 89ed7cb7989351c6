#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace kindred {

/// How the states of a text's tokens become one embedding, as sentence-transformers names it.
enum class Pooling { cls, max, mean, mean_sqrt_length };

/// states: float (B, T, H); present: bool (B, T), true where a text has a token, which is so at its first
/// place. Returns (B, H * modes), the modes beside each other. Differentiable.
at::Tensor pooled(const at::Tensor& states, const at::Tensor& present, const std::vector<Pooling>& modes);

/// Divides rows by their norm, but never by less than 1e-12.
at::Tensor unit_rows(const at::Tensor& rows);

}  // namespace kindred
