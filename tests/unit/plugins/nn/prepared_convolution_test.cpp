// What ConvolutionNorm keeps between prepare_for_inference() and train(true). That it is used at all, and is
// not made again at every call, shows in what a changed weight does not change.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "nn/convolution_norm.hpp"

namespace kindred::nn {
namespace {

constexpr auto kDtypes = {at::kFloat, at::kBFloat16};

std::vector<ConvolutionShape> shapes() {
  return {{6, 8, 1}, {6, 8, 3, 2}, {16, 16, 5, 1, 16}, {16, 16, 3, 2, 16, Padding::same}, {8, 8, 3, 1, 4}};
}

struct Prepared {
  explicit Prepared(const ConvolutionShape& shape) {
    layer = ConvolutionNorm("conv", "norm", shape, {1e-3, 0.1}, list, 3);
    at::manual_seed(1);
    for (const auto& one : list.buffers) one.tensor.uniform_(0.5, 2);
    list.parameters[1].tensor.uniform_(0.5, 2);
    list.parameters[2].tensor.uniform_(-1, 1);
    x = at::randn({2, shape.inputs, 9, 9}).contiguous(at::MemoryFormat::ChannelsLast);
  }
  at::Tensor run(at::ScalarType dtype) const { return layer(x.to(dtype), Activation::relu6, {false}); }
  void change_weight() const { list.parameters[0].tensor.copy_(list.parameters[0].tensor * 3); }

  TensorList list;
  ConvolutionNorm layer;
  at::Tensor x;
};

/// Sums of products in float32 may be rounded in another order, those of other dtypes are the same.
void expect_same(const at::Tensor& found, const at::Tensor& expected) {
  if (found.scalar_type() == at::kFloat)
    EXPECT_TRUE(at::allclose(found, expected, 1e-5, 1e-5));
  else
    EXPECT_TRUE(at::equal(found, expected));
}

TEST(PreparedConvolution, gives_the_same_in_every_dtype) {
  at::NoGradGuard no_grad;
  for (const auto& shape : shapes()) {
    for (const auto prepared : kDtypes) {
      Prepared one(shape);
      std::vector<at::Tensor> before;
      for (const auto dtype : kDtypes) before.push_back(one.run(dtype));
      one.layer.prepare_for_inference(prepared);
      size_t i = 0;
      for (const auto dtype : kDtypes) expect_same(one.run(dtype), before[i++]);
    }
  }
}

TEST(PreparedConvolution, folds_once_and_again_only_when_told) {
  at::NoGradGuard no_grad;
  for (const auto& shape : shapes()) {
    for (const auto dtype : kDtypes) {
      Prepared one(shape);
      const auto before = one.run(dtype);
      one.layer.prepare_for_inference(dtype);
      one.change_weight();
      expect_same(one.run(dtype), before);  // it was not folded again at the call
      one.layer.prepare_for_inference(dtype);
      const auto after = one.run(dtype);
      EXPECT_FALSE(at::allclose(after, before, 1e-3, 1e-3));
      one.layer.undo_preparation();
      expect_same(after, one.run(dtype));
    }
  }
}

TEST(PreparedConvolution, what_needs_the_tensors_themselves_takes_them) {
  for (const auto& shape : shapes()) {
    Prepared one(shape);
    one.layer.prepare_for_inference(at::kFloat);
    at::Tensor before, other_dtype, by_batch;
    {
      at::NoGradGuard no_grad;
      before = one.run(at::kFloat);
      other_dtype = one.run(at::kBFloat16);
      by_batch = one.layer(one.x, Activation::none, {true});
      one.change_weight();
      one.list.parameters[2].tensor.add_(1);
      expect_same(one.run(at::kFloat), before);
      EXPECT_FALSE(at::equal(one.run(at::kBFloat16), other_dtype));
      EXPECT_FALSE(at::equal(one.layer(one.x, Activation::none, {true}), by_batch));
    }
    one.list.parameters[0].tensor.requires_grad_(true);
    const auto with_gradient = one.run(at::kFloat);
    EXPECT_FALSE(at::allclose(with_gradient, before, 1e-3, 1e-3));
    with_gradient.sum().backward();
    EXPECT_TRUE(one.list.parameters[0].tensor.grad().defined());
  }
}

TEST(PreparedConvolution, a_layer_without_tensors_has_nothing_to_fold) {
  ConvolutionNorm none;
  none.prepare_for_inference(at::kFloat);
  none.undo_preparation();
}

}  // namespace
}  // namespace kindred::nn
