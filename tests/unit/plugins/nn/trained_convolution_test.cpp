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

struct MapSize {
  int64_t batch, inputs, outputs, height, width;
};
constexpr MapSize kSizes[] = {{3, 16, 32, 7, 7}, {2, 48, 16, 9, 5}, {5, 32, 32, 8, 12}, {9, 64, 80, 4, 4}};

/// The transforms multiply by up to 8 and subtract.
constexpr double kTolerance = 3e-5;

FixedShape shape_of(int64_t stride = 1) { return {stride, 1, {1, 1}, {1, 1}}; }

template <typename Convolution>
ConvolutionOutcome outcome(const MapSize& size, at::ScalarType dtype, Convolution convolution) {
  const auto leaf = [&](at::IntArrayRef sizes, double step) {
    return drawn(sizes, step).to(dtype).requires_grad_(true);
  };
  const auto x = leaf({size.batch, size.inputs, size.height, size.width}, 0.7);
  const auto weight = leaf({size.outputs, size.inputs, 3, 3}, 1.3), bias = leaf({size.outputs}, 0.3);
  const auto y = convolution(x, weight, bias);
  y.backward(drawn(y.sizes(), 2.1).to(dtype));
  return {y, x.grad(), weight.grad(), bias.grad()};
}

ConvolutionOutcome by_tiles(const MapSize& size) { return outcome(size, at::kFloat, &trained_convolution); }

TEST(TrainedConvolution, equals_libtorch_in_float64_with_each_instruction_set) {
  for_each_instruction_set([](const char* name) {
    for (const auto& size : kSizes) {
      SCOPED_TRACE(std::string(name) + ", height " + std::to_string(size.height));
      const auto found = by_tiles(size);
      const auto expected =
          outcome(size, at::kDouble, [](const auto& x, const auto& weight, const auto& bias) {
            const std::array<int64_t, 2> one = {1, 1};
            return at::conv2d(x, weight, bias, one, one, one);
          });
      EXPECT_LT(relative(found.y, expected.y), kTolerance);
      EXPECT_LT(relative(found.x, expected.x), kTolerance);
      EXPECT_LT(relative(found.weight, expected.weight), kTolerance);
      EXPECT_LT(relative(found.bias, expected.bias), 5e-6);
      EXPECT_EQ(found.weight.sizes(), expected.weight.sizes());
    }
  });
}

TEST(TrainedConvolution, does_not_depend_on_the_number_of_threads) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for tiles";
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = by_tiles(kSizes[2]);
  at::set_num_threads(3);
  const auto three = by_tiles(kSizes[2]);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.y, three.y));
  EXPECT_TRUE(at::equal(one.x, three.x));
}

TEST(TrainedConvolution, gives_gradients_of_what_asks_for_them) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for tiles";
  const auto x = drawn({2, 16, 8, 8}, 0.7), weight = drawn({16, 16, 3, 3}, 1.3).requires_grad_(true);
  trained_convolution(x, weight, at::zeros({16})).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
}

TEST(TrainedConvolution, is_left_to_libtorch_where_it_does_not_serve) {
  if (processor_kernels().panel_columns == 0) GTEST_SKIP() << "this processor has no kernels for tiles";
  const auto x = at::zeros({8, 16, 8, 8}), weight = at::zeros({32, 16, 3, 3});
  EXPECT_TRUE(serves_trained(x, weight, shape_of()));
  EXPECT_FALSE(serves_trained(x, weight, shape_of(2)));
  EXPECT_FALSE(serves_trained(x, weight, {1, 1, {0, 0}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, at::zeros({32, 8, 3, 3}), {1, 2, {1, 1}, {1, 1}}));
  EXPECT_FALSE(serves_trained(x, at::zeros({24, 16, 3, 3}), shape_of()));
  EXPECT_FALSE(serves_trained(x, at::zeros({32, 16, 1, 1}), shape_of()));
  EXPECT_FALSE(serves_trained(x.to(at::kBFloat16), weight, shape_of()));
  EXPECT_FALSE(
      serves_trained(x.slice(0, 0, 1), weight, shape_of()));  // weights are transformed for four tiles
  EXPECT_FALSE(serves_trained(at::zeros({64, 16, 2, 2}), weight, shape_of()));  // tiles are mostly border
  at::NoGradGuard no_grad;
  EXPECT_FALSE(serves_trained(x, weight, shape_of()));
}

}  // namespace
}  // namespace kindred::nn
