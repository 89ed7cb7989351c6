#pragma once

#include <ATen/core/Tensor.h>

#include "core/losses/loss_sums.hpp"

/// Sums over the values of each row that a mask chooses, in one pass forwards and one backwards where values
/// are float32 or float64 on the CPU, and by operators elsewhere. values, chosen (B, R); chosen bool. A
/// second derivative of what is not made of operators throws c10::Error.
namespace kindred {

/// log sum exp of each row, (B); `empty` where nothing is chosen. Gradients are finite everywhere.
at::Tensor masked_logsumexp(const at::Tensor& values, const at::Tensor& chosen, double empty);

/// What sign * value + offset exceeds zero by.
struct HingeSums {
  at::Tensor sums;    ///< (B)
  at::Tensor active;  ///< (B), in the dtype of the values and without a gradient: how many are above zero
};

/// `offset` (): a number that may have a gradient.
HingeSums hinge_sums(const at::Tensor& values, const at::Tensor& chosen, double sign,
                     const at::Tensor& offset);

/// The mean of the chosen values, (); a zero with a gradient path where there is none. Values of another
/// number of dimensions than two are taken as well.
at::Tensor mean_of_chosen(const at::Tensor& values, const at::Tensor& chosen);

/// The sum of the chosen values and their number, (1) each, of which mean_of_chosen() is the quotient.
LossSums sums_of_chosen(const at::Tensor& values, const at::Tensor& chosen);

/// How many are chosen in each row: int64 (B).
at::Tensor counts_of_chosen(const at::Tensor& chosen);

}  // namespace kindred
