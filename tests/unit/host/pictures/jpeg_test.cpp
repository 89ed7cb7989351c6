#include "host/pictures/jpeg.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdio>

#include <jpeglib.h>

#include "host/pictures/thumbnail.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// What another program sees of a JPEG file: uint8 (H, W, 3).
at::Tensor decoded(const std::string& bytes) {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg_start_decompress(&jpeg);
  auto out = at::empty({jpeg.output_height, jpeg.output_width, 3}, at::kByte);
  while (jpeg.output_scanline < jpeg.output_height) {
    auto* row = out.data_ptr<uint8_t>() + int64_t{3} * jpeg.output_width * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return out;
}

/// A picture whose colours change slowly, so that JPEG keeps it.
at::Tensor made_picture(int64_t height, int64_t width) {
  const auto y = at::arange(height).unsqueeze(1) * 0.02, x = at::arange(width) * 0.03;
  return at::stack({(y + x).sin(), (y - x).cos(), (y * 0.5 + x * 0.3).sin()}, 2)
      .mul(90)
      .add(128)
      .to(at::kByte);
}

TEST(Jpeg, shows_the_picture_with_its_sides_and_colours) {
  for (const auto& [height, width] : {std::pair{96, 128}, {128, 37}, {1, 1}, {3, 200}}) {
    const auto picture = made_picture(height, width);
    const auto seen = decoded(jpeg_bytes(picture, "x"));
    ASSERT_EQ(seen.sizes(), picture.sizes());
    const auto error = (seen.to(at::kFloat) - picture.to(at::kFloat)).abs().mean().item<float>();
    EXPECT_LT(error, 4) << height << " x " << width;
  }
}

TEST(Jpeg, of_a_thumbnail_fits_a_square_and_takes_little) {
  const auto small = thumbnail(made_picture(480, 640), 128, 128);
  EXPECT_EQ(small.sizes(), (at::IntArrayRef{96, 128, 3}));
  EXPECT_LT(jpeg_bytes(small, "x").size() * 3, png_bytes(small, "x").size());
}

TEST(Thumbnail, that_is_made_quickly_looks_like_the_exact_one) {
  for (const auto& [height, width] : {std::pair{480, 640}, {1001, 777}, {3000, 31}, {100, 90}, {1, 5000}}) {
    const auto noise = at::randn({height, width, 3}) * 20;
    const auto picture = (made_picture(height, width).to(at::kFloat) + noise).clamp(0, 255).to(at::kByte);
    const auto exact = thumbnail(picture, 128, 128), quick = quick_thumbnail(picture, 128, 128);
    ASSERT_EQ(quick.dim(), 3);
    for (const int64_t side : {0, 1}) EXPECT_LE(std::abs(quick.size(side) - exact.size(side)), 1);
    if (quick.sizes() != exact.sizes()) continue;
    const auto error = (quick.to(at::kFloat) - exact.to(at::kFloat)).abs().mean().item<float>();
    EXPECT_LT(error, 4) << height << " x " << width;
  }
}

TEST(Jpeg, too_wide_is_an_error_with_the_name) {
  try {
    jpeg_bytes(at::zeros({1, 70'000, 3}, at::kByte), "panorama.jpg");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("panorama.jpg as JPEG"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace kindred::host
