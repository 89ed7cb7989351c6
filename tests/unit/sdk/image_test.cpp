#include "kindred/image.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace kindred {
namespace {

TEST(NormalizedImages, are_scaled_per_channel_in_channels_last_memory) {
  const auto pictures = at::arange(2 * 4 * 5 * 3).to(at::kByte).reshape({2, 4, 5, 3});
  const Normalization n{{0.1, 0.2, 0.3}, {0.5, 0.6, 0.7}};
  const auto out = normalized_images({pictures, n});
  ASSERT_EQ(out.sizes(), (std::vector<int64_t>{2, 3, 4, 5}));
  EXPECT_TRUE(out.is_contiguous(at::MemoryFormat::ChannelsLast));
  for (int64_t c = 0; c < 3; ++c) {
    const auto i = static_cast<size_t>(c);
    const auto expected = (pictures.select(3, c).to(at::kDouble) / 255 - n.mean[i]) / n.std[i];
    EXPECT_LE((out.select(1, c).to(at::kDouble) - expected).abs().max().item<double>(), 1e-6);
  }
  EXPECT_EQ(pictures[0][0][1][0].item<int>(), 3) << "the input stays as it is";
}

TEST(NormalizedImages, take_float_batches_as_normalised_and_refuse_the_rest) {
  const auto x = at::rand({1, 3, 2, 2});
  EXPECT_TRUE(at::equal(normalized_images({x, {{9, 9, 9}, {9, 9, 9}}}), x));
  EXPECT_THAT(testing::thrown([] {
                normalized_images({at::zeros({1, 2, 2, 3}), {}});
              }),
              ::testing::HasSubstr("uint8 (B, H, W, 3)"));
}

}  // namespace
}  // namespace kindred
