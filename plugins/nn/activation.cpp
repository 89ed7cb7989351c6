#include "nn/activation.hpp"

#include <ATen/ATen.h>

#include <array>
#include <utility>

#include "kindred/error.hpp"

namespace kindred::nn {
namespace {

constexpr std::array<std::pair<const char*, Activation>, 5> kNamedActivations = {
    {{"relu", Activation::relu},
     {"gelu", Activation::gelu},
     {"silu", Activation::silu},
     {"tanh", Activation::tanh},
     {"sigmoid", Activation::sigmoid}}};

}  // namespace

const std::vector<std::string>& activation_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& [name, unused] : kNamedActivations) all.emplace_back(name);
    return all;
  }();
  return names;
}

Activation activation_from_name(const std::string& name) {
  for (const auto& [known, activation] : kNamedActivations) {
    if (name == known) return activation;
  }
  throw Error("there is no activation \"" + name + "\"");
}

at::Tensor activated(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      return at::relu(x);
    case Activation::relu6:
      return at::hardtanh(x, 0, 6);
    case Activation::gelu:
      return at::gelu(x, "none");
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::gelu_sigmoid:
      return x * at::sigmoid(1.702 * x);
    case Activation::silu:
      return at::silu(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::sigmoid:
      return at::sigmoid(x);
  }
  throw Error("there is no activation number " + std::to_string(static_cast<int>(activation)));
}

at::Tensor activated_in_place(at::Tensor x, Activation activation) {
  // clamp_ would keep a copy of its input for the gradient; relu_ and hardtanh_ do not.
  if (activation == Activation::relu) return at::relu_(x);
  if (activation == Activation::relu6) return at::hardtanh_(x, 0, 6);
  return activated(x, activation);
}

}  // namespace kindred::nn
