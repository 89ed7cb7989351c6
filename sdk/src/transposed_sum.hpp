#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// x + x^T of a square matrix, which an addition reads across its lines of cache.
at::Tensor sum_with_transposed(const at::Tensor& x);

}  // namespace kindred
