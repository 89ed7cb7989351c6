#include "nn/linear.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/initialization.hpp"

namespace kindred::nn {
namespace {

at::Tensor tensor_of(const Linear& layer, size_t i) {
  std::vector<NamedTensor> tensors;
  layer.append_parameters("fc.", tensors);
  return tensors[i].tensor;
}

TEST(Linear, is_a_matrix_product_and_a_bias_to_the_last_bit) {
  at::manual_seed(1);
  const Linear layer(37, 11);
  const auto x = at::randn({5, 37});
  const auto expected = at::addmm(tensor_of(layer, 1), x, tensor_of(layer, 0).t());
  EXPECT_TRUE(at::equal(layer(x), expected));
  EXPECT_TRUE(at::allclose(layer(x.view({1, 5, 37})), expected.view({1, 5, 11})));
}

TEST(Linear, draws_its_weight_and_then_its_bias_from_the_global_generator) {
  at::manual_seed(4);
  const Linear layer(16, 3);
  at::manual_seed(4);
  EXPECT_TRUE(at::equal(tensor_of(layer, 0), at::empty({3, 16}, at::kFloat).uniform_(-0.25, 0.25)));
  EXPECT_TRUE(at::equal(tensor_of(layer, 1), at::empty({3}, at::kFloat).uniform_(-0.25, 0.25)));
}

TEST(Linear, draws_from_a_generator_of_its_own_and_leaves_the_global_one_alone) {
  at::manual_seed(4);
  const auto next = at::rand({1});
  at::manual_seed(4);
  const Linear layer(16, 3, named_generator(5, "fc")), same(16, 3, named_generator(5, "fc"));
  EXPECT_TRUE(at::equal(at::rand({1}), next));
  EXPECT_TRUE(at::equal(tensor_of(layer, 0), tensor_of(same, 0)));
  EXPECT_LE(tensor_of(layer, 0).abs().max().item<double>(), 0.25);
}

TEST(Linear, names_its_tensors) {
  std::vector<NamedTensor> tensors;
  Linear::without_values(4, 2).append_parameters("dense.", tensors);
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].name, "dense.weight");
  EXPECT_EQ(tensors[0].tensor.sizes(), (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(tensors[1].name, "dense.bias");
  EXPECT_EQ(tensors[1].tensor.sizes(), std::vector<int64_t>{2});
}

}  // namespace
}  // namespace kindred::nn
