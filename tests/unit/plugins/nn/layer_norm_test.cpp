#include "nn/norms/layer_norm.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace kindred::nn {
namespace {

TEST(LayerNorm, is_its_formula_and_keeps_the_dtype_of_its_input) {
  at::manual_seed(1);
  const LayerNorm norm(24, 1e-6);
  std::vector<NamedTensor> tensors;
  norm.append_parameters("norm.", tensors);
  tensors[0].tensor.normal_();
  tensors[1].tensor.normal_();
  const auto x = at::randn({3, 5, 24}) * 4 + 7;
  const auto middle = x - x.mean(-1, true);
  const auto expected =
      middle / (middle.square().mean(-1, true) + 1e-6).sqrt() * tensors[0].tensor + tensors[1].tensor;
  EXPECT_TRUE(at::allclose(norm(x), expected, 1e-4, 1e-5));
  const auto reduced = norm(x.to(at::kBFloat16));
  EXPECT_EQ(reduced.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(reduced, norm(x.to(at::kBFloat16).to(at::kFloat)).to(at::kBFloat16)));
}

}  // namespace
}  // namespace kindred::nn
