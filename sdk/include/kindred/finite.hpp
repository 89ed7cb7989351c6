#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred {

/// Says whether every number is finite; true of integers and of a tensor without numbers. It allocates
/// nothing of the tensor's size. [thread-safe]
bool all_finite(const at::Tensor& x);

/// int64 (n) on the CPU, ascending: the rows of `rows` (N, ...) that hold a number which is not finite.
at::Tensor rows_not_finite(const at::Tensor& rows);

/// Returns a text such as "its number 3 of 16 is nan, but all must be finite" of the first number of `row`
/// (D) that is not finite; "" where all are.
std::string what_is_not_finite(const at::Tensor& row);

/// What cannot be the weights of a network, as a sentence that names the tensor; "" where nothing is wrong.
/// No tensor holds NaN, none holds infinity unless `may_be_infinite` says so of its name (masks do), and no
/// running variance (whose name ends in "running_var") is below zero.
std::string what_is_no_weight(const std::vector<NamedTensor>& tensors,
                              bool (*may_be_infinite)(const std::string&) = nullptr);

}  // namespace kindred
