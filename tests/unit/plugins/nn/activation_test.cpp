#include "nn/activation.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"

namespace kindred::nn {
namespace {

constexpr auto kAll = {Activation::none, Activation::relu,      Activation::relu6,
                       Activation::gelu, Activation::gelu_tanh, Activation::gelu_sigmoid,
                       Activation::silu, Activation::tanh,      Activation::sigmoid};

TEST(Activations, in_place_give_the_same_values_and_gradients) {
  at::manual_seed(1);
  const auto values = at::randn({50}) * 4;
  for (const auto activation : kAll) {
    const auto gradient = [&](bool in_place) {
      auto x = values.clone().requires_grad_(true);
      const auto out = in_place ? activated_in_place(x * 1, activation) : activated(x * 1, activation);
      (out * values).sum().backward();
      return at::stack({out.detach(), x.grad()});
    };
    EXPECT_TRUE(at::equal(gradient(true), gradient(false))) << static_cast<int>(activation);
  }
}

TEST(Activations, are_known_by_name) {
  const auto x = at::arange(-3, 8, at::kFloat);
  ASSERT_EQ(activation_names().size(), 5U);
  EXPECT_TRUE(at::equal(activated(x, activation_from_name("relu")), x.clamp_min(0)));
  EXPECT_TRUE(at::equal(activated(x, activation_from_name("silu")), at::silu(x)));
  EXPECT_TRUE(at::equal(activated(x, activation_from_name("gelu")), at::gelu(x, "none")));
  EXPECT_TRUE(at::equal(activated(x, Activation::relu6), x.clamp(0, 6)));
  EXPECT_FALSE(at::equal(activated(x, Activation::gelu_tanh), activated(x, Activation::gelu)));
  EXPECT_TRUE(at::allclose(activated(x, Activation::gelu_sigmoid), x / (1 + at::exp(-1.702 * x))));
  EXPECT_THROW(activation_from_name("rleu"), Error);
}

}  // namespace
}  // namespace kindred::nn
