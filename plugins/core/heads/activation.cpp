#include "activation.hpp"

#include <ATen/ATen.h>

#include "kindred/error.hpp"

namespace kindred {

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = {"relu", "gelu", "silu", "tanh", "sigmoid"};
  return names;
}

at::Tensor activated(const at::Tensor& x, const std::string& activation) {
  if (activation == "relu") return x.relu();
  if (activation == "gelu") return at::gelu(x);
  if (activation == "silu") return at::silu(x);
  if (activation == "tanh") return x.tanh();
  if (activation == "sigmoid") return x.sigmoid();
  throw Error("there is no activation \"" + activation + "\"");
}

}  // namespace kindred
