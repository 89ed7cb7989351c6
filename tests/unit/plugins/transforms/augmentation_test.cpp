#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

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

/// Red grows to the right, green downwards, so that the colours of the corners tell where the window was.
at::Tensor ramp() {
  auto image = at::zeros({200, 200, 3}, at::kByte);
  image.select(2, 0).copy_(at::arange(200).to(at::kByte).unsqueeze(0).expand({200, 200}));
  image.select(2, 1).copy_(at::arange(200).to(at::kByte).unsqueeze(1).expand({200, 200}));
  return image;
}

TEST(RandomResizedCrop, draws_areas_shapes_and_places_in_range) {
  const auto crop =
      testing::make<Transform>("transforms", "kindred.random_resized_crop",
                               {{"width", 50}, {"height", 40}, {"scale_min", 0.25}, {"scale_max", 0.64}});
  const auto image = ramp();
  double smallest = 1, largest = 0, leftmost = 1, rightmost = 0;
  for (int i = 0; i < 400; ++i) {
    Random random(6, i);
    const auto out = crop->apply(image, random);
    ASSERT_EQ(out.sizes(), (std::vector<int64_t>{40, 50, 3}));
    const auto corner = [&](int64_t y, int64_t x, int64_t c) { return out[y][x][c].item<double>(); };
    const double width = (corner(20, 49, 0) - corner(20, 0, 0)) * 50 / 49 / 200;
    const double height = (corner(39, 25, 1) - corner(0, 25, 1)) * 40 / 39 / 200;
    EXPECT_GT(width / height, 0.70);
    EXPECT_LT(width / height, 1.42);
    smallest = std::min(smallest, width * height);
    largest = std::max(largest, width * height);
    leftmost = std::min(leftmost, corner(20, 0, 0) / 200);
    rightmost = std::max(rightmost, corner(20, 49, 0) / 200);
  }
  EXPECT_NEAR(smallest, 0.25, 0.03);
  EXPECT_NEAR(largest, 0.64, 0.04);
  EXPECT_LT(leftmost, 0.05);
  EXPECT_GT(rightmost, 0.95);
}

TEST(RandomResizedCrop, repeats_by_its_stream_and_takes_the_middle_of_what_is_too_long) {
  const nlohmann::json whole = {{"width", 30}, {"height", 30}, {"scale_min", 1}};
  const auto crop = testing::make<Transform>("transforms", "kindred.random_resized_crop", whole);
  EXPECT_TRUE(crop->is_random());
  Random a(7), b(7);
  const auto narrow = ramp().slice(1, 0, 20).contiguous();
  const auto out = crop->apply(narrow, a);
  EXPECT_TRUE(at::equal(out, crop->apply(narrow, b)));
  // Nothing of 20 x 200 has a shape of 3/4 to 4/3 and all of its area: the centred 20 x 27 is taken.
  EXPECT_NEAR(out[0][0][1].item<double>(), 87, 2);
  EXPECT_NEAR(out[29][0][1].item<double>(), 112, 2);
}

}  // namespace
}  // namespace kindred
