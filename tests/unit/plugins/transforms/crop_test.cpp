#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "component.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

/// Each pixel's first channel is its row, the second its column, both from 1.
at::Tensor grid(int64_t height, int64_t width) {
  const auto rows = at::arange(1, height + 1, at::kLong).unsqueeze(1).expand({height, width});
  const auto columns = at::arange(1, width + 1, at::kLong).unsqueeze(0).expand({height, width});
  return at::stack({rows, columns, at::full({height, width}, 9, at::kLong)}, 2).to(at::kByte);
}

TEST(CenterCrop, takes_the_middle_and_pads_with_black) {
  Random random(0);
  const auto crop =
      testing::make<Transform>("transforms", "kindred.center_crop", {{"width", 4}, {"height", 2}});
  const auto inner = crop->apply(grid(6, 8), random);
  EXPECT_EQ(inner.sizes(), (std::vector<int64_t>{2, 4, 3}));
  EXPECT_EQ(inner[0][0][0].item<int>(), 3);
  EXPECT_EQ(inner[0][0][1].item<int>(), 3);
  const auto padded = crop->apply(grid(1, 2), random);
  EXPECT_EQ(padded.sizes(), (std::vector<int64_t>{2, 4, 3}));
  EXPECT_EQ(padded[0][1][2].item<int>(), 9);
  EXPECT_EQ(padded.select(2, 2).sum().item<int>(), 2 * 9);
}

TEST(RandomCrop, visits_every_place_and_none_outside) {
  const auto crop =
      testing::make<Transform>("transforms", "kindred.random_crop", {{"width", 3}, {"height", 3}});
  std::set<std::pair<int, int>> places;
  const auto picture = grid(5, 4);
  for (int i = 0; i < 300; ++i) {
    Random random(1, i);
    const auto out = crop->apply(picture, random);
    ASSERT_EQ(out.sizes(), (std::vector<int64_t>{3, 3, 3}));
    places.insert({out[0][0][0].item<int>(), out[0][0][1].item<int>()});
  }
  EXPECT_EQ(places.size(), 6u);
  EXPECT_EQ(*places.begin(), (std::pair<int, int>{1, 1}));
  EXPECT_TRUE(crop->is_random());
}

}  // namespace
}  // namespace kindred
