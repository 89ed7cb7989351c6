#include "nn/initialization.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace kindred::nn {
namespace {

at::Tensor drawn_weight(uint64_t seed, const std::string& name) {
  const auto values = at::empty({1000}, at::kFloat);
  draw_uniform_by_fan_in(values, 4, named_generator(seed, name));
  return values;
}

TEST(NamedGenerator, depends_on_seed_and_name_alone) {
  EXPECT_TRUE(at::equal(drawn_weight(1, "conv1"), drawn_weight(1, "conv1")));
  EXPECT_FALSE(at::equal(drawn_weight(1, "conv1"), drawn_weight(2, "conv1")));
  EXPECT_FALSE(at::equal(drawn_weight(1, "conv1"), drawn_weight(1, "conv2")));
}

TEST(DrawUniformByFanIn, fills_its_range) {
  const auto values = drawn_weight(1, "conv1");
  EXPECT_LE(values.abs().max().item<double>(), 0.5);
  EXPECT_GT(values.max().item<double>(), 0.49);
  EXPECT_LT(values.min().item<double>(), -0.49);
}

TEST(DrawNormalByFanOut, has_the_variance_of_he_et_al) {
  const auto values = at::empty({10000}, at::kFloat);
  draw_normal_by_fan_out(values, 8, named_generator(1, "conv1"));
  EXPECT_NEAR(values.square().mean().item<double>(), 2.0 / 8, 0.01);
  EXPECT_NEAR(values.mean().item<double>(), 0, 0.02);
}

TEST(Draws, come_from_the_global_generator_where_none_is_given) {
  const auto first = at::empty({8}, at::kFloat), second = at::empty({8}, at::kFloat);
  at::manual_seed(3);
  draw_normal_by_fan_out(first, 2);
  at::manual_seed(3);
  draw_normal_by_fan_out(second, 2);
  EXPECT_TRUE(at::equal(first, second));
}

}  // namespace
}  // namespace kindred::nn
