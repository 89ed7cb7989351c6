#include "host/run/series_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

TEST(GridAxis, is_divided_at_commas_that_are_not_part_of_a_value) {
  const auto plain = grid_axis("train.optimizer.lr=0.0003,0.001");
  EXPECT_EQ(plain.key, "train.optimizer.lr");
  EXPECT_THAT(plain.values, ElementsAre("0.0003", "0.001"));
  EXPECT_THAT(grid_axis(R"(a={"x":[1,2],"y":3},[4,5],"6,\",7",8)").values,
              ElementsAre(R"({"x":[1,2],"y":3})", "[4,5]", R"("6,\",7")", "8"));
  EXPECT_THAT(grid_axis("train.loss.type=triplet").values, ElementsAre("triplet"));
}

TEST(GridAxis, refuses_what_names_no_key_or_no_value_or_one_twice) {
  for (const auto* text : {"lr", "=1,2", "lr=", "lr=1,", "lr=1,,2", "lr=1,2,1"}) {
    EXPECT_THROW(grid_axis(text), Error) << text;
  }
}

}  // namespace
}  // namespace kindred::host
