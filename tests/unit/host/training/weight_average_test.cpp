#include "host/training/weight_average.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kindred::host {
namespace {

TEST(WeightAverage, follows_its_formula_and_swaps_back_and_forth) {
  auto weight = at::full({2}, 1.0f);
  WeightAverage average({{"w", weight}}, 0.9);
  double expected = 1;
  for (int t = 0; t < 200; ++t) {
    const float value = static_cast<float>(t % 7);
    weight.fill_(value);
    average.update();
    const double decay = std::min(0.9, (1.0 + t) / (10.0 + t));
    expected = decay * expected + (1 - decay) * value;
  }
  EXPECT_EQ(average.updates(), 200);
  const float last = weight[0].item<float>();
  average.swap();
  EXPECT_NEAR(weight[0].item<double>(), expected, 1e-5);
  EXPECT_EQ(average.average()[0].tensor[1].item<float>(), last);
  average.swap();
  EXPECT_EQ(weight[0].item<float>(), last);
}

TEST(WeightAverage, is_the_mean_of_the_states_that_were_added) {
  auto weight = at::zeros({3});
  WeightAverage average({{"w", weight}}, 0);
  for (int t = 1; t <= 5; ++t) {
    weight.fill_(static_cast<float>(t * t));
    average.add_to_mean();
  }
  average.swap();
  EXPECT_NEAR(weight[0].item<double>(), 11, 1e-5);  // (1 + 4 + 9 + 16 + 25) / 5
}

}  // namespace
}  // namespace kindred::host
