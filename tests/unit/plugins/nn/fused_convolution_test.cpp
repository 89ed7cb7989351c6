#include "nn/fused_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace kindred::nn {
namespace {

struct FusedCase {
  int64_t inputs, outputs, kernel;
  FusedShape shape;
};

const FusedCase kCases[] = {
    {16, 24, 1, {1, 1, {0, 0}, {0, 0}}},  {16, 24, 1, {2, 1, {0, 0}, {0, 0}}},
    {16, 24, 3, {1, 1, {1, 1}, {1, 1}}},  {3, 32, 3, {2, 1, {0, 0}, {1, 1}}},
    {32, 32, 3, {1, 32, {1, 1}, {1, 1}}}, {32, 32, 3, {2, 32, {0, 0}, {1, 1}}},
    {32, 32, 5, {2, 32, {1, 1}, {2, 2}}}, {3, 64, 7, {2, 1, {3, 3}, {3, 3}}},
    {32, 32, 3, {1, 4, {1, 1}, {1, 1}}},
};

at::Tensor drawn(at::IntArrayRef sizes, double step) {
  const auto values = at::arange(at::empty(sizes).numel(), at::kDouble).mul_(step).sin_();
  return values.to(at::kFloat).reshape(sizes);
}

/// In float64, from the definition of a padded convolution.
at::Tensor expected(const FusedCase& one, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias) {
  const auto& [stride, groups, before, after] = one.shape;
  const auto padded = at::constant_pad_nd(x.to(at::kDouble), {before[1], after[1], before[0], after[0]});
  return at::conv2d(padded, weight.to(at::kDouble), bias.to(at::kDouble), {stride, stride},
                    at::IntArrayRef{0, 0}, {1, 1}, groups);
}

class FusedConvolutions : public ::testing::TestWithParam<FusedCase> {};

TEST_P(FusedConvolutions, equal_the_plain_one_in_float64) {
  at::NoGradGuard no_grad;
  const auto& one = GetParam();
  const auto weight = drawn({one.outputs, one.inputs / one.shape.groups, one.kernel, one.kernel}, 0.37);
  const auto bias = drawn({one.outputs}, 1.3);
  const FusedConvolution fused(weight, bias, one.shape);
  if (!fused.is_ready()) GTEST_SKIP() << "this LibTorch has no fused convolutions";
  for (const int64_t side : {16, 34}) {
    const auto x = drawn({2, one.inputs, side, side}, 0.11).contiguous(at::MemoryFormat::ChannelsLast);
    ASSERT_TRUE(fused.takes(x));
    const auto plain = expected(one, x, weight, bias);
    const auto largest = plain.abs().max().item<double>();
    const auto check = [&](const at::Tensor& found, const at::Tensor& right) {
      ASSERT_EQ(found.sizes(), right.sizes());
      EXPECT_LT((found.to(at::kDouble) - right).abs().max().item<double>(), 1e-5 * largest) << side;
    };
    check(fused(x, Activation::none), plain);
    check(fused(x, Activation::relu), plain.relu());
    check(fused(x, Activation::relu6), plain.clamp(0, 6));
    const auto other = drawn(plain.sizes(), 0.05).contiguous(at::MemoryFormat::ChannelsLast),
               kept = other.clone();
    check(fused.added_to(other, x, Activation::none), plain + other);
    check(fused.added_to(other, x, Activation::relu), (plain + other).relu());
    EXPECT_TRUE(at::equal(other, kept)) << "what is added stays as it is";
  }
}

INSTANTIATE_TEST_SUITE_P(All, FusedConvolutions, ::testing::ValuesIn(kCases));

TEST(FusedConvolution, leaves_gradients_other_layouts_and_dtypes_to_others) {
  const FusedConvolution fused(drawn({8, 8, 1, 1}, 0.3), drawn({8}, 0.2), {});
  if (!fused.is_ready()) GTEST_SKIP() << "this LibTorch has no fused convolutions";
  const auto x = drawn({2, 8, 4, 4}, 0.1).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_FALSE(fused.takes(x)) << "gradients are recorded";
  at::NoGradGuard no_grad;
  EXPECT_TRUE(fused.takes(x));
  EXPECT_FALSE(fused.takes(x.contiguous()));
  EXPECT_FALSE(fused.takes(x.to(at::kDouble)));
  EXPECT_FALSE(FusedConvolution::can_do(Activation::silu));
}

TEST(FusedConvolution, is_not_ready_for_borders_that_it_cannot_make) {
  const auto weight = drawn({8, 8, 3, 3}, 0.3), bias = drawn({8}, 0.2);
  EXPECT_FALSE(FusedConvolution().is_ready());
  EXPECT_FALSE(FusedConvolution(weight, bias, {1, 1, {2, 2}, {1, 1}}).is_ready()) << "more above than below";
  EXPECT_FALSE(
      FusedConvolution(weight.to(at::kDouble), bias.to(at::kDouble), {1, 1, {1, 1}, {1, 1}}).is_ready());
}

}  // namespace
}  // namespace kindred::nn
