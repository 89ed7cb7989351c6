#include "nn/linear.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <array>

#include "nn/initialization.hpp"
#include "processor_kernels_guard.hpp"

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

TEST(Linear, gives_the_same_from_a_packed_weight) {
  at::manual_seed(1);
  at::NoGradGuard no_grad;
  for_each_instruction_set([](const char* name) {
    // Rows that are and are not copied, panels that are not full, more rows than one task has.
    for (const auto& [inputs, outputs, rows] :
         {std::array<int64_t, 3>{37, 11, 5}, {512, 96, 3}, {64, 300, 777}}) {
      Linear layer(inputs, outputs);
      const auto x = at::randn({rows, 2, inputs});
      const auto expected = at::linear(x.to(at::kDouble), tensor_of(layer, 0).to(at::kDouble),
                                       tensor_of(layer, 1).to(at::kDouble));
      layer.prepare_for_inference();
      const auto found = layer(x);
      ASSERT_EQ(found.sizes(), expected.sizes());
      EXPECT_LT((found - expected).abs().max().item<double>(), 1e-5) << name;
      EXPECT_TRUE(at::equal(layer(x.slice(0, 1, 2)), found.slice(0, 1, 2))) << "alone as beside others";
    }
  });
}

TEST(Linear, computes_from_its_tensors_again_when_preparation_is_undone_and_where_gradients_are_kept) {
  at::manual_seed(1);
  Linear layer(24, 8);
  const auto x = at::randn({3, 24});
  layer.prepare_for_inference();
  auto weight = tensor_of(layer, 0);
  weight.requires_grad_(true);
  layer(x).sum().backward();
  EXPECT_TRUE(at::allclose(weight.grad(), x.sum(0).expand({8, 24})));
  at::NoGradGuard no_grad;
  const auto before = layer(x);
  weight.zero_();
  layer.undo_preparation();
  EXPECT_FALSE(at::allclose(layer(x), before));
  EXPECT_TRUE(at::allclose(layer(x), tensor_of(layer, 1).expand({3, 8})));
}

TEST(Linear, may_have_no_bias) {
  at::manual_seed(1);
  auto layer = Linear::without_values(24, 8, false);
  std::vector<NamedTensor> tensors;
  layer.append_parameters("fc.", tensors);
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].name, "fc.weight");
  tensors[0].tensor.normal_();
  at::NoGradGuard no_grad;
  const auto x = at::randn({3, 24});
  const auto expected = at::matmul(x, tensors[0].tensor.t());
  EXPECT_TRUE(at::allclose(layer(x), expected, 1e-5, 1e-5));
  layer.prepare_for_inference();
  EXPECT_TRUE(at::allclose(layer(x), expected, 1e-5, 1e-5));
}

TEST(Linear, computes_in_the_dtype_of_its_input) {
  at::manual_seed(1);
  Linear layer(24, 8);
  const auto x = at::randn({3, 24});
  at::NoGradGuard no_grad;
  const auto expected = layer(x);
  const auto reduced = layer(x.to(at::kBFloat16));
  EXPECT_EQ(reduced.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::allclose(reduced.to(at::kFloat), expected, 0.05, 0.05));
  layer.prepare_for_inference();
  EXPECT_TRUE(at::equal(layer(x.to(at::kBFloat16)), reduced));
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
