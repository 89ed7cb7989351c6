#pragma once

#include <ATen/core/Tensor.h>

#include "core/losses/chosen_sums.hpp"
#include "core/losses/loss_sums.hpp"
#include "kindred/pairs.hpp"

/// Terms that losses over pairs are made of; masks and values are (B, R).
namespace kindred {

/// s (B, R): cosine similarities of embeddings and references.
at::Tensor cosine_similarities(const PairBatch& batch);

/// What stands for the logarithm of an empty sum: its exponential is zero, and sums with it stay finite.
constexpr double kNothing = -1e9;

/// log(1 + exp(x)) without the shortcut for large x, whose error a golden value in float64 sees.
at::Tensor log_one_plus_exp(const at::Tensor& x);

/// These say which rows have a positive, and which have a negative: bool (B).
at::Tensor has_positive(const PairMasks& masks);
at::Tensor has_negative(const PairMasks& masks);

}  // namespace kindred
