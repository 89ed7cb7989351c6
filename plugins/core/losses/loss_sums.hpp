#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kindred/loss.hpp"

/// What samples add to a loss, put together.
namespace kindred {

/// Returns one sum (), and by what it is divided: (), or a number.
LossSums one_sum(const at::Tensor& sum, const at::Tensor& count);
LossSums one_sum(const at::Tensor& sum, int64_t count);

/// Returns what values of any shape add to their mean.
LossSums sums_of_all(const at::Tensor& values);

/// Returns the sums of a loss that is `one` plus `other`.
LossSums both(const LossSums& one, const LossSums& other);

}  // namespace kindred
