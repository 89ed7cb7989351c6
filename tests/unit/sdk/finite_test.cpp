#include "kindred/finite.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

namespace kindred {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

at::Tensor with(at::Tensor x, int64_t place, float value) {
  x.view({-1})[place] = value;
  return x;
}

TEST(Finite, is_every_tensor_without_nan_and_infinity_of_whatever_dtype) {
  for (const auto dtype : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
    EXPECT_TRUE(all_finite(at::ones({3, 2}, dtype)));
    for (const float value : {kNaN, kInfinity, -kInfinity})
      EXPECT_FALSE(all_finite(with(at::ones({3, 2}, dtype), 4, value))) << at::toString(dtype);
  }
  EXPECT_TRUE(all_finite(at::arange(4, at::kLong)));
  EXPECT_TRUE(all_finite(at::empty({0, 5})));
  EXPECT_TRUE(all_finite(at::full({2}, std::numeric_limits<float>::max())));
}

TEST(Finite, rows_that_are_not_are_told_by_number) {
  auto rows = with(with(at::zeros({5, 2, 3}), 7, kNaN), 24, -kInfinity);
  EXPECT_TRUE(at::equal(rows_not_finite(rows), at::tensor({1, 4}, at::kLong)));
  EXPECT_EQ(rows_not_finite(at::zeros({5, 2})).numel(), 0);
  EXPECT_EQ(rows_not_finite(at::zeros({0, 2})).numel(), 0);
}

TEST(Finite, the_first_number_of_a_row_that_is_not_is_named) {
  EXPECT_EQ(what_is_not_finite(with(at::zeros({16}), 2, kNaN)),
            "its number 3 of 16 is nan, but all must be finite");
  EXPECT_EQ(what_is_not_finite(with(at::zeros({4}), 3, -kInfinity)),
            "its number 4 of 4 is -inf, but all must be finite");
  EXPECT_EQ(what_is_not_finite(at::zeros({4})), "");
}

TEST(Weights, that_cannot_be_right_are_named_with_their_place) {
  EXPECT_EQ(what_is_no_weight({{"a", at::ones({2})}, {"bn.running_var", at::zeros({3})}}), "");
  EXPECT_EQ(what_is_no_weight({{"a", at::ones({2})}, {"conv.weight", with(at::ones({2, 3}), 4, kNaN)}}),
            "the tensor conv.weight holds 1 of 6 numbers that are not finite, the first at [1, 1]");
  EXPECT_NE(what_is_no_weight({{"bn.running_var", with(at::ones({3}), 1, -0.5F)}}).find("is a variance"),
            std::string::npos);
  EXPECT_EQ(what_is_no_weight({{"bn.running_mean", with(at::ones({3}), 1, -0.5F)}}), "");
  EXPECT_EQ(what_is_no_weight({{"bn.num_batches_tracked", at::full({}, -1, at::kLong)}}), "");
}

TEST(Weights, may_hold_infinity_where_it_is_a_mask_but_never_nan) {
  const auto mask = [](const std::string& name) { return name != "weight"; };
  EXPECT_EQ(what_is_no_weight({{"mask", with(at::zeros({4}), 1, -kInfinity)}}, mask), "");
  EXPECT_NE(what_is_no_weight({{"mask", with(at::zeros({4}), 1, kNaN)}}, mask), "");
  EXPECT_NE(what_is_no_weight({{"weight", with(at::zeros({4}), 1, kInfinity)}}, mask), "");
  EXPECT_NE(what_is_no_weight({{"bn.running_var", with(at::ones({4}), 1, kInfinity)}}, mask), "");
}

}  // namespace
}  // namespace kindred
