#include "files/jpeg_pixels.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace kindred {
namespace {

std::string jpeg_of(int width, int height, int type, const std::vector<int>& options = {}) {
  cv::Mat image(height, width, type);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * image.channels(); ++x)
      image.ptr(y)[x] = static_cast<unsigned char>((x * x / 3 + 7 * y * (x % 3 + 1)) % 256);
  }
  std::vector<unsigned char> bytes;
  cv::imencode(".jpg", image, bytes, options);
  return {bytes.begin(), bytes.end()};
}

/// OpenCV's, which gives blue first.
at::Tensor by_opencv(const std::string& bytes) {
  const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  const cv::Mat image = cv::imdecode(buffer, cv::IMREAD_COLOR);
  auto out = at::empty({image.rows, image.cols, 3}, at::kByte);
  cv::Mat rgb(image.rows, image.cols, CV_8UC3, out.data_ptr());
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  return out;
}

TEST(JpegPixels, have_the_bits_of_opencv) {
  const std::vector<std::vector<int>> kOptions = {{},
                                                  {cv::IMWRITE_JPEG_QUALITY, 40},
                                                  {cv::IMWRITE_JPEG_PROGRESSIVE, 1},
                                                  {cv::IMWRITE_JPEG_RST_INTERVAL, 2}};
  for (const auto& options : kOptions) {
    for (const int type : {CV_8UC3, CV_8UC1}) {
      const auto bytes = jpeg_of(101, 67, type, options);
      const auto pixels = jpeg_pixels(bytes);
      ASSERT_TRUE(pixels.defined());
      EXPECT_TRUE(at::equal(pixels, by_opencv(bytes)));
    }
  }
}

TEST(JpegPixels, of_a_damaged_file_are_said_nothing_of) {
  auto bytes = jpeg_of(101, 67, CV_8UC3);
  bytes.resize(bytes.size() / 2);
  ::testing::internal::CaptureStderr();
  const auto pixels = jpeg_pixels(bytes + "\xFF\xD9");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ASSERT_TRUE(pixels.defined());
  EXPECT_EQ(pixels.sizes(), (std::vector<int64_t>{67, 101, 3}));
}

TEST(JpegPixels, are_undefined_for_what_is_no_jpeg) {
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(jpeg_pixels("").defined());
  EXPECT_FALSE(jpeg_pixels("\xFF\xD8\xFF").defined());
  EXPECT_FALSE(jpeg_pixels(std::string(1000, 'x')).defined());
  EXPECT_FALSE(jpeg_pixels(jpeg_of(20, 20, CV_8UC3).substr(0, 100)).defined());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace kindred
