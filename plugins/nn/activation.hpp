#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred::nn {

/// gelu is x Phi(x) (Hendrycks, Gimpel 2016), gelu_tanh its approximation by tanh and gelu_sigmoid the one by
/// x sigmoid(1.702 x), which CLIP calls quick_gelu; relu6 is min(max(x, 0), 6).
enum class Activation { none, relu, relu6, gelu, gelu_tanh, gelu_sigmoid, silu, tanh, sigmoid };

/// Names of those that a user may choose by name: "relu", "gelu", "silu", "tanh", "sigmoid".
const std::vector<std::string>& activation_names();

/// Throws Error for a name that is not among activation_names().
Activation activation_from_name(const std::string& name);

at::Tensor activated(const at::Tensor& x, Activation activation);

/// The same for an `x` that nobody else needs: relu and relu6 write over it, since their gradients are taken
/// from the result.
at::Tensor activated_in_place(at::Tensor x, Activation activation);

}  // namespace kindred::nn
