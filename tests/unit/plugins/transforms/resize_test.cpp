#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/transform.hpp"
#include "pillow_cases.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {

at::Tensor picture(int64_t height, int64_t width) {
  auto out = at::empty({height, width, 3}, at::kByte);
  for (int64_t n = 0; n < out.numel(); ++n) {
    const auto i = static_cast<uint64_t>(n);
    out.data_ptr<uint8_t>()[n] = static_cast<uint8_t>((i * i * 2654435761ull + i * 40503ull) >> 8);
  }
  return out;
}

TEST(Resize, equals_pillow_bit_for_bit) {
  Random random(0);
  for (const auto& one : testing::pillow_cases()) {
    const auto resize = testing::make<Transform>(
        "transforms", "kindred.resize",
        {{"width", one.new_width}, {"height", one.new_height}, {"interpolation", one.interpolation}});
    const auto out = resize->apply(picture(one.height, one.width), random);
    const auto expected =
        at::tensor(one.expected, at::kInt).to(at::kByte).reshape({one.new_height, one.new_width, 3});
    EXPECT_TRUE(at::equal(out, expected)) << one.interpolation << " " << one.height << "x" << one.width
                                          << " to " << one.new_height << "x" << one.new_width;
  }
}

TEST(Resize, by_the_shorter_side_keeps_the_shape) {
  Random random(0);
  const auto resize = testing::make<Transform>("transforms", "kindred.resize", {{"shorter_side", 10}});
  EXPECT_EQ(resize->apply(picture(20, 33), random).sizes(), (std::vector<int64_t>{10, 16, 3}));
  EXPECT_EQ(resize->apply(picture(33, 20), random).sizes(), (std::vector<int64_t>{16, 10, 3}));
  EXPECT_FALSE(resize->is_random());
}

TEST(Resize, needs_one_way_of_saying_the_size) {
  using nlohmann::json;
  for (const auto& params :
       {json::object(), json{{"width", 3}}, json{{"width", 3}, {"height", 3}, {"shorter_side", 3}}}) {
    EXPECT_THAT(testing::thrown([&] { testing::make<Transform>("transforms", "kindred.resize", params); }),
                ::testing::HasSubstr("shorter_side"));
  }
}

}  // namespace
}  // namespace kindred
