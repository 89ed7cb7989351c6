#include "host/training/collapse_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_training.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CollapseWatch, warns_once_of_embeddings_that_point_one_way) {
  MadeContext context;
  CollapseWatch watch(context);
  at::manual_seed(1);
  watch.look_at(at::randn({50, 4}));
  EXPECT_FALSE(watch.is_over());
  // One direction, whatever the lengths.
  watch.look_at(at::tensor(std::vector<float>{1, 2, 3, 4}).unsqueeze(0) * (at::rand({50, 1}) + 0.1));
  EXPECT_TRUE(watch.is_over());
  watch.look_at(at::ones({50, 4}));
  EXPECT_THAT(context.warnings, ElementsAre(HasSubstr("nearly the same direction (mean cosine 1.0000)")));
}

TEST(CollapseWatch, a_handful_of_rows_says_nothing) {
  MadeContext context;
  CollapseWatch watch(context);
  watch.look_at(at::ones({7, 4}));
  EXPECT_FALSE(watch.is_over());
  watch.look_at(at::ones({8, 4}));
  EXPECT_TRUE(watch.is_over());
}

}  // namespace
}  // namespace kindred::host
