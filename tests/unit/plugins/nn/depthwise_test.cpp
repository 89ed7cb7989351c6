#include "nn/depthwise.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "convolution_outcome.hpp"
#include "drawn.hpp"

namespace kindred::nn {
namespace {

struct DepthwiseCase {
  int64_t kernel, channels, height, width, stride;
  std::array<int64_t, 4> zeros;  ///< above, left, below, right
  float low, high;
};

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const DepthwiseCase kDepthwiseCases[] = {
    {3, 16, 7, 7, 1, {1, 1, 1, 1}, 0, 6},
    {3, 32, 10, 9, 2, {0, 0, 1, 1}, 0, 6},
    {3, 16, 2, 1, 1, {1, 1, 1, 1}, -kInfinity, kInfinity},
    {3, 16, 6, 8, 2, {0, 0, 0, 0}, 0, 6},  // no window reaches the last row
    {5, 16, 7, 7, 1, {2, 2, 2, 2}, 0, 6},
    {5, 48, 9, 6, 2, {1, 2, 2, 2}, 0, 6},
    {5, 32, 14, 14, 2, {1, 1, 2, 2}, 0, kInfinity},
    {5, 16, 1, 2, 1, {2, 2, 2, 2}, -kInfinity, kInfinity},
    {5, 16, 5, 5, 1, {0, 0, 0, 0}, 0, 6},
    {5, 16, 11, 8, 3, {2, 1, 2, 2}, 0, 6}};

/// By LibTorch's operations in float64, from the same numbers.
ConvolutionOutcome reference(const DepthwiseCase& c, const at::Tensor& x, const at::Tensor& weight,
                             const at::Tensor& bias, const at::Tensor& gradient) {
  const auto leaf = [](const at::Tensor& t) {
    return t.detach().to(at::kDouble).contiguous().requires_grad_(true);
  };
  const auto in = leaf(x), w = leaf(weight), b = leaf(bias);
  const std::array<int64_t, 2> stride = {c.stride, c.stride}, none = {0, 0}, one = {1, 1};
  auto y = at::conv2d(at::constant_pad_nd(in, {c.zeros[1], c.zeros[3], c.zeros[0], c.zeros[2]}), w, b, stride,
                      none, one, c.channels);
  y = at::hardtanh(y, c.low, c.high);
  (y * gradient.to(at::kDouble)).sum().backward();
  return {y, in.grad(), w.grad(), b.grad()};
}

ConvolutionOutcome own(const DepthwiseCase& c, at::Tensor x, at::Tensor weight, at::Tensor bias,
                       const at::Tensor& gradient) {
  for (auto* t : {&x, &weight, &bias}) *t = t->detach().clone().requires_grad_(true);
  const DepthwiseShape shape = {
      c.stride, {c.zeros[0], c.zeros[1]}, {gradient.size(2), gradient.size(3)}, c.low, c.high};
  const auto y = depthwise_convolution(x, weight, bias, shape);
  y.backward(gradient);
  return {y, x.grad(), weight.grad(), bias.grad()};
}

struct Input {
  at::Tensor x, weight, bias, gradient;
};

Input input_of(const DepthwiseCase& c, at::ScalarType dtype) {
  at::manual_seed(5);
  const auto outputs = [&](int64_t size, int64_t zeros) { return (size + zeros - c.kernel) / c.stride + 1; };
  const int64_t height = outputs(c.height, c.zeros[0] + c.zeros[2]),
                width = outputs(c.width, c.zeros[1] + c.zeros[3]);
  return {at::randn({3, c.channels, c.height, c.width}).to(dtype),
          at::randn({c.channels, 1, c.kernel, c.kernel}), at::randn({c.channels}),
          at::randn({3, c.channels, height, width}).to(dtype)};
}

TEST(Depthwise, equals_the_separate_operations_in_float64) {
  for (const auto& c : kDepthwiseCases) {
    SCOPED_TRACE("kernel " + std::to_string(c.kernel) + ", stride " + std::to_string(c.stride) + ", height " +
                 std::to_string(c.height));
    const auto in = input_of(c, at::kFloat);
    const auto expected = reference(c, in.x, in.weight, in.bias, in.gradient);
    const auto out = own(c, in.x, in.weight, in.bias, in.gradient);
    EXPECT_LT(relative(out.y, expected.y), 1e-6);
    EXPECT_LT(relative(out.x, expected.x), 1e-6);
    EXPECT_LT(relative(out.weight, expected.weight), 1e-6);
    EXPECT_LT(relative(out.bias, expected.bias), 1e-6);
    EXPECT_EQ(out.weight.sizes(), in.weight.sizes());
  }
}

TEST(Depthwise, rounds_only_what_is_stored_as_bfloat16) {
  for (auto c : kDepthwiseCases) {
    c.low = -kInfinity, c.high = kInfinity;  // rounding would move outputs across the clamp
    const auto in = input_of(c, at::kBFloat16);
    const auto expected = reference(c, in.x, in.weight, in.bias, in.gradient);
    const auto out = own(c, in.x, in.weight, in.bias, in.gradient);
    EXPECT_EQ(out.y.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(at::equal(out.y, expected.y.to(at::kFloat).to(at::kBFloat16)) ||
                relative(out.y, expected.y) < 3e-3);
    EXPECT_LT(relative(out.x, expected.x), 3e-3);
    EXPECT_LT(relative(out.weight, expected.weight), 1e-6);  // sums are float32
    EXPECT_LT(relative(out.bias, expected.bias), 1e-6);
  }
}

TEST(Depthwise, does_not_depend_on_the_number_of_threads) {
  const auto in = input_of(kDepthwiseCases[5], at::kFloat);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = own(kDepthwiseCases[5], in.x, in.weight, in.bias, in.gradient);
  at::set_num_threads(3);
  const auto three = own(kDepthwiseCases[5], in.x, in.weight, in.bias, in.gradient);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.y, three.y));
  EXPECT_TRUE(at::equal(one.x, three.x));
  EXPECT_TRUE(at::equal(one.weight, three.weight));
}

TEST(Depthwise, is_left_to_libtorch_where_it_does_not_serve) {
  const auto x = at::zeros({1, 16, 7, 7});
  EXPECT_TRUE(serves_depthwise(x, 5));
  EXPECT_TRUE(serves_depthwise(x, 3));
  EXPECT_FALSE(serves_depthwise(x, 7));
  EXPECT_FALSE(serves_depthwise(at::zeros({1, 8, 7, 7}), 5));
  EXPECT_FALSE(serves_depthwise(x.to(at::kDouble), 5));
  at::NoGradGuard no_grad;
  EXPECT_FALSE(serves_depthwise(x, 5));
}

}  // namespace
}  // namespace kindred::nn
