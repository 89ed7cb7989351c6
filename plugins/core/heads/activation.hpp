#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred {

/// "relu", "gelu", "silu", "tanh", "sigmoid".
const std::vector<std::string>& activation_names();

/// Throws Error that lists the names.
at::Tensor activated(const at::Tensor& x, const std::string& activation);

}  // namespace kindred
