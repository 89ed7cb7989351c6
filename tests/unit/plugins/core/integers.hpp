#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace kindred::testing {

/// int64, of one dimension.
inline at::Tensor integers(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

}  // namespace kindred::testing
