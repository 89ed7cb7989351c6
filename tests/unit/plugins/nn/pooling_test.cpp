#include "nn/pooling.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "drawn.hpp"

namespace kindred::nn {
namespace {

/// Its formula in float64.
at::Tensor generalized_mean(const at::Tensor& x, const at::Tensor& power) {
  return x.clamp_min(1e-6).pow(power).mean(at::IntArrayRef{2, 3}).pow(1 / power);
}

/// Behind an activation, so that many numbers are 0, and all of one channel of the first sample.
at::Tensor activated_map() {
  const auto map = drawn_map({2, 4, 3, 5}, 0.7).clamp_min(0);
  map.select(0, 0).select(0, 1).zero_();
  return map;
}

TEST(GeneralizedMean, is_its_formula) {
  const auto map = activated_map();
  for (const double power : {1.0, 3.0, 20.0}) {
    std::vector<NamedTensor> tensors;
    const GeneralizedMean pool;
    pool.append_parameters("pool.", tensors);
    ASSERT_EQ(tensors.size(), 1U);
    EXPECT_EQ(tensors[0].name, "pool.power");
    EXPECT_EQ(tensors[0].tensor.item<float>(), 3) << "what training begins with";
    tensors[0].tensor.fill_(power);
    const auto expected = generalized_mean(map.to(at::kDouble), at::full({1}, power, at::kDouble));
    EXPECT_TRUE(at::allclose(pool(map, {2, 3}).to(at::kDouble), expected, 1e-5, 1e-9)) << power;
  }
}

TEST(GeneralizedMean, has_the_gradient_of_its_formula_where_small_powers_vanish_too) {
  for (const double power : {3.0, 12.0}) {
    std::vector<NamedTensor> tensors;
    const GeneralizedMean pool;
    pool.append_parameters("", tensors);
    tensors[0].tensor.fill_(power).requires_grad_(true);
    const auto map = activated_map().requires_grad_(true), weights = drawn({2, 4}, 1.1);
    (pool(map, {2, 3}) * weights).sum().backward();
    ASSERT_TRUE(map.grad().isfinite().all().item<bool>());

    // Where a whole channel is 0 the formula's own root has none in float32, and 0 / 0 in float64.
    const auto exact = map.detach().to(at::kDouble).contiguous();
    const auto value = [&](const at::Tensor& x, double p) {
      return (generalized_mean(x, at::full({1}, p, at::kDouble)) * weights).sum().item<double>();
    };
    const double step = 1e-6;
    EXPECT_NEAR(tensors[0].tensor.grad().item<double>(),
                (value(exact, power + step) - value(exact, power - step)) / (2 * step), 1e-4);
    for (const int64_t place : {0, 16, 40, 77, 119}) {
      auto more = exact.clone(), less = exact.clone();
      more.view({-1})[place] += step;
      less.view({-1})[place] -= step;
      if (exact.view({-1})[place].item<double>() < 1e-5) continue;  // the formula has a corner there
      EXPECT_NEAR(map.grad().contiguous().view({-1})[place].item<double>(),
                  (value(more, power) - value(less, power)) / (2 * step), 1e-4)
          << place;
    }
  }
}

TEST(GeneralizedMean, pools_tokens_and_takes_bfloat16) {
  const GeneralizedMean pool;
  const auto map = activated_map(), tokens = map.flatten(2).transpose(1, 2);
  EXPECT_TRUE(at::allclose(pool(tokens, {1}), pool(map, {2, 3}), 1e-6, 1e-9));
  const auto reduced = map.to(at::kBFloat16);
  EXPECT_TRUE(at::equal(pool(reduced, {2, 3}), pool(reduced.to(at::kFloat), {2, 3})));
}

TEST(GlobalPool, trains_nothing_for_the_mean) {
  std::vector<NamedTensor> mean, gem;
  GlobalPool().append_parameters(mean);
  GlobalPool(PlacePooling::gem).append_parameters(gem);
  EXPECT_TRUE(mean.empty());
  ASSERT_EQ(gem.size(), 1U);
  EXPECT_EQ(gem[0].name, "pool.power");
  const auto map = activated_map();
  EXPECT_TRUE(at::equal(GlobalPool()(map), global_average(map)));
  EXPECT_TRUE(at::equal(GlobalPool(PlacePooling::gem)(map), GeneralizedMean()(map, {2, 3})));
}

}  // namespace
}  // namespace kindred::nn
