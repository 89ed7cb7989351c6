#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

/// Terms that losses over pairs are made of; masks and values are (B, R).
namespace kindred {

/// Mean of the chosen entries; a zero with a gradient path where none is chosen.
at::Tensor mean_of_chosen(const at::Tensor& values, const at::Tensor& chosen);

/// Returns the mean of the entries above zero, or zero.
at::Tensor mean_of_active(const at::Tensor& values);

/// s (B, R): cosine similarities of embeddings and references.
at::Tensor cosine_similarities(const PairBatch& batch);

/// What stands for the logarithm of an empty sum: its exponential is zero, and sums with it stay finite.
constexpr double kNothing = -1e9;

/// log sum exp of the chosen entries of each row, (B); `empty` where none is chosen. Gradients are finite
/// everywhere.
at::Tensor masked_logsumexp(const at::Tensor& x, const at::Tensor& chosen, double empty);

/// log(1 + exp(x)) without the shortcut for large x, whose error a golden value in float64 sees.
at::Tensor log_one_plus_exp(const at::Tensor& x);

/// These say which rows have a positive, and which have a negative: bool (B).
at::Tensor has_positive(const PairMasks& masks);
at::Tensor has_negative(const PairMasks& masks);

}  // namespace kindred
