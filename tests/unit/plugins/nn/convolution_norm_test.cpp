#include "nn/convolution_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <array>

#include "drawn.hpp"

namespace kindred::nn {
namespace {

/// A layer with statistics and weights that differ per channel, and the tensors it registered.
struct Example {
  explicit Example(const ConvolutionShape& shape) : shape(shape) {
    layer = ConvolutionNorm("conv", "norm", shape, {1e-3, 0.1}, list, 3);
    at::NoGradGuard no_grad;
    at::manual_seed(1);
    scale().uniform_(0.5, 2);
    shift().uniform_(-1, 1);
    list.buffers[0].tensor.uniform_(-1, 1);
    list.buffers[1].tensor.uniform_(0.5, 2);
    for (auto& one : list.parameters) one.tensor.requires_grad_(true);
  }
  at::Tensor& weight() { return list.parameters[0].tensor; }
  at::Tensor& scale() { return list.parameters[1].tensor; }
  at::Tensor& shift() { return list.parameters[2].tensor; }

  /// The same by LibTorch's separate operations.
  at::Tensor reference(const at::Tensor& x, bool batch_statistics) {
    const std::array<int64_t, 2> stride = {shape.stride, shape.stride},
                                 padding = {shape.kernel / 2, shape.kernel / 2}, dilation = {1, 1};
    const auto y = at::conv2d(x, weight(), at::Tensor(), stride, padding, dilation, shape.groups);
    return at::batch_norm(y, scale(), shift(), list.buffers[0].tensor.clone(), list.buffers[1].tensor.clone(),
                          batch_statistics, 0.1, 1e-3, false)
        .clamp(0, 6);
  }

  std::vector<at::Tensor> gradients(const at::Tensor& x, const at::Tensor& out) {
    for (auto& one : list.parameters) one.tensor.mutable_grad() = at::Tensor();
    x.mutable_grad() = at::Tensor();
    (out.to(at::kFloat) * at::arange(out.numel()).reshape(out.sizes()).fmod(5)).sum().backward();
    return {weight().grad().clone(), scale().grad().clone(), shift().grad().clone(), x.grad().clone()};
  }

  ConvolutionShape shape;
  TensorList list;
  ConvolutionNorm layer;
};

TEST(ConvolutionNorm, equals_convolution_then_norm_with_all_gradients) {
  for (const auto& shape :
       {ConvolutionShape{6, 8, 1}, ConvolutionShape{6, 8, 3, 2}, ConvolutionShape{8, 8, 5, 1, 8},
        ConvolutionShape{8, 8, 3, 2, 4}, ConvolutionShape{64, 64, 3}}) {
    for (const bool batch_statistics : {false, true}) {
      Example example(shape);
      at::manual_seed(2);
      auto x = at::randn({3, shape.inputs, 9, 9}).requires_grad_(true);
      const auto expected = example.reference(x, batch_statistics);
      const auto expected_gradients = example.gradients(x, expected);
      const auto out = example.layer(x, Activation::relu6, {batch_statistics});
      const auto gradients = example.gradients(x, out);
      EXPECT_LT(relative(out, expected), 1e-5);
      for (size_t i = 0; i < gradients.size(); ++i) {
        EXPECT_LT(relative(gradients[i], expected_gradients[i]), 2e-4) << i << " kernel " << shape.kernel;
      }
    }
  }
}

TEST(ConvolutionNorm, only_batch_statistics_move_the_running_ones) {
  Example example({6, 8, 3});
  const auto before = example.list.buffers[0].tensor.clone();
  const auto x = at::randn({3, 6, 9, 9});
  example.layer(x, Activation::none, {false});
  EXPECT_TRUE(at::equal(example.list.buffers[0].tensor, before));
  example.layer(x, Activation::none, {true});
  EXPECT_FALSE(at::equal(example.list.buffers[0].tensor, before));
}

TEST(ConvolutionNorm, computes_in_bfloat16_with_float32_gradients) {
  for (const auto& shape : {ConvolutionShape{6, 8, 1}, ConvolutionShape{8, 8, 5, 1, 8}}) {
    Example example(shape);
    at::manual_seed(2);
    auto x = at::randn({3, shape.inputs, 9, 9}).requires_grad_(true);
    const auto expected = example.gradients(x, example.layer(x, Activation::relu, {false}));
    const auto out = example.layer(x.to(at::kBFloat16), Activation::relu, {false});
    EXPECT_EQ(out.scalar_type(), at::kBFloat16);
    const auto gradients = example.gradients(x, out);
    for (size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_EQ(gradients[i].scalar_type(), at::kFloat);
      EXPECT_LT(relative(gradients[i], expected[i]), 0.05) << i;
    }
  }
}

TEST(ConvolutionNorm, of_one_value_per_channel_takes_the_running_statistics_and_leaves_them) {
  Example example({6, 8, 1});
  const auto mean = example.list.buffers[0].tensor.clone(), variance = example.list.buffers[1].tensor.clone();
  const auto x = at::randn({1, 6, 1, 1}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto out = example.layer(x, Activation::relu6, {true});
  EXPECT_LT(relative(out.detach(), example.reference(x, false).detach()), 1e-5);
  EXPECT_TRUE(at::equal(example.list.buffers[0].tensor, mean));
  EXPECT_TRUE(at::equal(example.list.buffers[1].tensor, variance));
  (void)example.layer(at::randn({1, 6, 2, 1}).contiguous(at::MemoryFormat::ChannelsLast), Activation::relu6,
                      {true});
  EXPECT_FALSE(at::equal(example.list.buffers[1].tensor, variance)) << "two values have a variance";
  EXPECT_TRUE(example.list.buffers[1].tensor.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace kindred::nn
