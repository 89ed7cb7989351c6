#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

at::Tensor picture() { return at::arange(4 * 6 * 3).mul(3).to(at::kByte).reshape({4, 6, 3}); }

TEST(HorizontalFlip, mirrors_about_as_often_as_asked_and_leaves_its_input) {
  const auto flip =
      testing::make<Transform>("transforms", "kindred.horizontal_flip", {{"probability", 0.25}});
  const auto x = picture(), before = x.clone();
  int mirrored = 0;
  for (int i = 0; i < 1000; ++i) {
    Random random(2, i);
    const auto y = flip->apply(x, random);
    if (!at::equal(y, x)) {
      EXPECT_TRUE(at::equal(y, x.flip({1})));
      ++mirrored;
    }
  }
  EXPECT_NEAR(mirrored, 250, 60);
  EXPECT_TRUE(at::equal(x, before));
}

TEST(ColorJitter, without_amounts_changes_nothing_and_repeats_by_its_stream) {
  const nlohmann::json none = {{"brightness", 0}, {"contrast", 0}, {"saturation", 0}, {"hue", 0}};
  Random random(3);
  const auto still = testing::make<Transform>("transforms", "kindred.color_jitter", none);
  EXPECT_TRUE(at::equal(still->apply(picture(), random), picture()));
  EXPECT_FALSE(still->is_random());
  const auto jitter = testing::make<Transform>("transforms", "kindred.color_jitter", {{"hue", 0.5}});
  Random a(4, 1), b(4, 1), c(4, 2);
  const auto x = jitter->apply(picture(), a);
  EXPECT_TRUE(at::equal(x, jitter->apply(picture(), b)));
  EXPECT_FALSE(at::equal(x, jitter->apply(picture(), c)));
}

TEST(ColorJitter, grey_stays_grey_under_saturation_and_hue) {
  const auto grey = at::full({3, 3, 3}, 100).to(at::kByte);
  const auto jitter =
      testing::make<Transform>("transforms", "kindred.color_jitter",
                               {{"brightness", 0}, {"contrast", 0}, {"saturation", 1}, {"hue", 0.5}});
  for (int i = 0; i < 50; ++i) {
    Random random(5, i);
    EXPECT_LE((jitter->apply(grey, random).to(at::kInt) - 100).abs().max().item<int>(), 1);
  }
}

TEST(ColorJitter, brightness_scales_within_its_range) {
  const auto jitter =
      testing::make<Transform>("transforms", "kindred.color_jitter",
                               {{"brightness", 0.5}, {"contrast", 0}, {"saturation", 0}, {"hue", 0}});
  int lowest = 255, highest = 0;
  for (int i = 0; i < 300; ++i) {
    Random random(6, i);
    const int value = jitter->apply(at::full({1, 1, 3}, 100).to(at::kByte), random)[0][0][0].item<int>();
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  EXPECT_GE(lowest, 50);
  EXPECT_LE(lowest, 55);
  EXPECT_LE(highest, 150);
  EXPECT_GE(highest, 145);
}

}  // namespace
}  // namespace kindred
