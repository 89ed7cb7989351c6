#include "nn/trained_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <array>

#include "convolution_outcome.hpp"
#include "drawn.hpp"
#include "processor_kernels_guard.hpp"

namespace kindred::nn {
namespace {

struct TrainedCase {
  int64_t batch, inputs, outputs, height, width, kernel, stride, border;
};
/// The kernel 3 with the stride 1 and the border 1 goes by tiles where most of them lie inside the map; the
/// others go by products of matrices.
constexpr TrainedCase kTrainedCases[] = {
    {4, 64, 80, 7, 7, 3, 1, 1},  {6, 96, 64, 9, 5, 3, 1, 1},  {5, 64, 64, 8, 12, 3, 1, 1},
    {16, 64, 80, 4, 4, 3, 1, 1}, {2, 3, 64, 20, 18, 7, 2, 3}, {3, 24, 72, 9, 10, 3, 2, 1},
    {2, 8, 64, 9, 9, 3, 2, 0},   {2, 16, 64, 3, 3, 1, 1, 0},  {3, 24, 40, 9, 7, 1, 2, 0},
    {1, 64, 64, 3, 3, 5, 1, 2},  {16, 64, 64, 3, 3, 3, 1, 1}};

/// The transforms of tiles multiply by up to 8 and subtract.
constexpr double kTolerance = 3e-5;

FixedShape shape_of(const TrainedCase& c) {
  return {c.stride, 1, {c.border, c.border}, {c.border, c.border}};
}

template <typename Convolution>
ConvolutionOutcome convolution_outcome(const TrainedCase& c, at::ScalarType dtype, Convolution convolution) {
  const auto leaf = [&](at::IntArrayRef sizes, double step) {
    return drawn(sizes, step).to(dtype).requires_grad_(true);
  };
  const auto x = leaf({c.batch, c.inputs, c.height, c.width}, 0.7);
  const auto weight = leaf({c.outputs, c.inputs, c.kernel, c.kernel}, 1.3), bias = leaf({c.outputs}, 0.3);
  const auto y = convolution(x, weight, bias);
  y.backward(drawn(y.sizes(), 2.1).to(dtype));
  return {y, x.grad(), weight.grad(), bias.grad()};
}

ConvolutionOutcome trained_outcome(const TrainedCase& c) {
  return convolution_outcome(c, at::kFloat, [&](const auto& x, const auto& weight, const auto& bias) {
    return trained_convolution(x, weight, bias, shape_of(c));
  });
}

TEST(TrainedConvolution, equals_libtorch_in_float64_with_each_instruction_set) {
  for_each_instruction_set([](const char* name) {
    for (const auto& c : kTrainedCases) {
      SCOPED_TRACE(std::string(name) + ", kernel " + std::to_string(c.kernel) + ", height " +
                   std::to_string(c.height));
      const auto found = trained_outcome(c);
      const auto expected =
          convolution_outcome(c, at::kDouble, [&](const auto& x, const auto& weight, const auto& bias) {
            const std::array<int64_t, 2> stride = {c.stride, c.stride}, zeros = {c.border, c.border};
            return at::conv2d(x, weight, bias, stride, zeros);
          });
      EXPECT_LT(relative(found.y, expected.y), kTolerance);
      EXPECT_LT(relative(found.x, expected.x), kTolerance);
      EXPECT_LT(relative(found.weight, expected.weight), kTolerance);
      EXPECT_LT(relative(found.bias, expected.bias), kTolerance);
      EXPECT_EQ(found.weight.sizes(), expected.weight.sizes());
    }
  });
}

TEST(TrainedConvolution, does_not_depend_on_the_number_of_threads) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for it";
  const int before = at::get_num_threads();
  for (const auto& c : {kTrainedCases[2], kTrainedCases[5]}) {
    at::set_num_threads(1);
    const auto one = trained_outcome(c);
    at::set_num_threads(3);
    const auto three = trained_outcome(c);
    EXPECT_TRUE(at::equal(one.y, three.y));
    EXPECT_TRUE(at::equal(one.x, three.x));
  }
  at::set_num_threads(before);
}

TEST(TrainedConvolution, gives_gradients_of_what_asks_for_them) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for it";
  for (const auto& c : {kTrainedCases[2], kTrainedCases[5]}) {
    const auto x = drawn({4, c.inputs, 8, 8}, 0.7);
    const auto weight = drawn({c.outputs, c.inputs, 3, 3}, 1.3).requires_grad_(true);
    trained_convolution(x, weight, at::zeros({c.outputs}), shape_of(c)).sum().backward();
    EXPECT_TRUE(weight.grad().defined());
    EXPECT_FALSE(x.grad().defined());
  }
}

TEST(TrainedConvolution, refuses_a_second_derivative) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for it";
  const auto& c = kTrainedCases[2];
  const auto x = drawn({4, c.inputs, 8, 8}, 0.7).requires_grad_(true);
  const auto weight = drawn({c.outputs, c.inputs, 3, 3}, 1.3);
  const auto y = trained_convolution(x, weight, at::zeros({c.outputs}), shape_of(c)).sum();
  EXPECT_THROW(y.backward({}, true, true), c10::Error);
}

TEST(TrainedConvolution, is_left_to_libtorch_where_it_does_not_serve) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for it";
  const auto best = processor_kernels();
  processor_kernels().instruction_set = InstructionSet::avx512;  // which has tiles alone
  const auto x = at::zeros({8, 64, 8, 8}), weight = at::zeros({64, 64, 3, 3});
  const FixedShape shape{1, 1, {1, 1}, {1, 1}}, in_groups{1, 2, {1, 1}, {1, 1}};
  EXPECT_TRUE(serves_trained(x, weight, shape));
  EXPECT_FALSE(serves_trained(x, weight, {2, 1, {1, 1}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, weight, {1, 1, {0, 0}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, at::zeros({64, 32, 3, 3}), in_groups));
  EXPECT_FALSE(serves_trained(x, at::zeros({72, 64, 3, 3}), shape));
  EXPECT_FALSE(serves_trained(x, at::zeros({48, 64, 3, 3}), shape));
  EXPECT_FALSE(serves_trained(x, at::zeros({64, 64, 1, 1}), shape));
  EXPECT_FALSE(serves_trained(x.to(at::kBFloat16), weight, shape));
  EXPECT_FALSE(serves_trained(at::zeros({8, 80, 8, 8}), weight, shape));  // conv2d() says what is wrong
  EXPECT_FALSE(serves_trained(x.slice(0, 0, 1), weight, shape));  // four tiles do not pay for the weights
  EXPECT_FALSE(serves_trained(at::zeros({64, 64, 2, 2}), weight, shape));  // tiles are mostly border
  processor_kernels().instruction_set = InstructionSet::avx2;
  EXPECT_TRUE(serves_trained(x, weight, {2, 1, {1, 1}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, weight, {2, 1, {0, 0}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, at::zeros({48, 64, 3, 3}), shape));
  EXPECT_FALSE(serves_trained(x, at::zeros({64, 64, 1, 1}), {1, 1, {}, {}}));
  EXPECT_FALSE(serves_trained(x, at::zeros({64, 32, 3, 3}), in_groups));
  {
    at::NoGradGuard no_grad;
    EXPECT_FALSE(serves_trained(x, weight, shape));
  }
  processor_kernels() = best;
}

}  // namespace
}  // namespace kindred::nn
