#include "files/image_file.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <utility>
#include <vector>

#include "image_bytes.hpp"
#include "kindred/random.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;
using testing::thrown;

constexpr int kWidth = 30, kHeight = 20;

/// Red is the column, green the row.
cv::Mat gradient(int width = kWidth, int height = kHeight, int scale = 1) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      image.at<cv::Vec3b>(y, x) =
          cv::Vec3b(7, static_cast<unsigned char>(scale * y), static_cast<unsigned char>(scale * x));
  }
  return image;
}

std::string encoded(const cv::Mat& image, const std::string& ending, const std::vector<int>& options = {}) {
  std::vector<unsigned char> bytes;
  cv::imencode(ending, image, bytes, options);
  return {bytes.begin(), bytes.end()};
}

/// Column and row of the stored picture that EXIF's orientation shows at (x, y).
std::pair<int, int> stored_at(int orientation, int x, int y) {
  switch (orientation) {
    case 2:
      return {kWidth - 1 - x, y};
    case 3:
      return {kWidth - 1 - x, kHeight - 1 - y};
    case 4:
      return {x, kHeight - 1 - y};
    case 5:
      return {y, x};
    case 6:
      return {y, kHeight - 1 - x};
    case 7:
      return {kWidth - 1 - y, kHeight - 1 - x};
    case 8:
      return {kWidth - 1 - y, x};
    default:
      return {x, y};
  }
}

void expect_turned(const at::Tensor& image, int orientation, int scale, int tolerance,
                   const std::string& what) {
  const bool upright = orientation < 5;
  ASSERT_EQ(image.size(0), upright ? kHeight : kWidth) << what;
  ASSERT_EQ(image.size(1), upright ? kWidth : kHeight) << what;
  for (int64_t y = 0; y < image.size(0); ++y) {
    for (int64_t x = 0; x < image.size(1); ++x) {
      const auto [column, row] = stored_at(orientation, static_cast<int>(x), static_cast<int>(y));
      ASSERT_NEAR(image[y][x][0].item<int>(), scale * column, tolerance) << what << " " << x << " " << y;
      ASSERT_NEAR(image[y][x][1].item<int>(), scale * row, tolerance) << what << " " << x << " " << y;
    }
  }
}

TEST(ImageFile, is_turned_as_its_exif_data_says_in_jpeg_png_and_webp_alike) {
  const std::vector<int> lossless = {cv::IMWRITE_WEBP_QUALITY, 101};
  const auto jpeg = encoded(gradient(kWidth, kHeight, 8), ".jpg", {cv::IMWRITE_JPEG_QUALITY, 100});
  const auto png = encoded(gradient(), ".png"), webp = encoded(gradient(), ".webp", lossless);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto exif = exif_of(static_cast<uint32_t>(orientation), orientation % 2 == 0);
    const auto name = "orientation " + std::to_string(orientation);
    const auto app1 = jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif);
    expect_turned(decode_image(jpeg.substr(0, 2) + app1 + jpeg.substr(2), "a.jpg"), orientation, 8, 12,
                  "JPEG " + name);
    const auto xmp = jpeg_segment(0xE1, std::string("http://ns.adobe.com/xap/1.0/\0<x/>", 33));
    expect_turned(decode_image(jpeg.substr(0, 2) + xmp + app1 + jpeg.substr(2), "a.jpg"), orientation, 8, 12,
                  "JPEG with XMP before " + name);
    const auto header_ends = 8 + 25;
    expect_turned(
        decode_image(png.substr(0, header_ends) + png_chunk("eXIf", exif) + png.substr(header_ends), "a.png"),
        orientation, 1, 0, "PNG " + name);
    const auto chunks = vp8x(0x08, kWidth, kHeight) + webp.substr(12) + webp_chunk("EXIF", exif);
    expect_turned(decode_image(webp_file(chunks), "a.webp"), orientation, 1, 0, "WebP " + name);
  }
}

TEST(ImageFile, of_an_animated_webp_the_first_frame_is_read) {
  const std::vector<int> lossless = {cv::IMWRITE_WEBP_QUALITY, 101};
  const auto picture = encoded(gradient(), ".webp", lossless).substr(12);
  const auto other = encoded(cv::Mat::zeros(kHeight, kWidth, CV_8UC3), ".webp", lossless).substr(12);
  const auto anim = webp_chunk("ANIM", std::string(6, '\xFF'));
  const auto animation = [&](uint32_t left, uint32_t top, uint32_t width, uint32_t height) {
    return webp_file(vp8x(2, width, height) + anim + webp_frame(left, top, kWidth, kHeight, picture) +
                     webp_frame(0, 0, kWidth, kHeight, other));
  };
  expect_turned(decode_image(animation(0, 0, kWidth, kHeight), "a.webp"), 1, 1, 0, "the first frame");
  const auto placed = decode_image(animation(4, 2, 40, 25), "a.webp");
  ASSERT_EQ(placed.sizes(), (std::vector<int64_t>{25, 40, 3}));
  EXPECT_EQ(placed[1][3].sum().item<int>(), 0);
  EXPECT_EQ(placed[2 + 5][4 + 6][0].item<int>(), 6);
  EXPECT_EQ(placed[2 + 5][4 + 6][1].item<int>(), 5);
  EXPECT_THAT(thrown([&] { decode_image(animation(4, 2, kWidth, kHeight), "a.webp"); }),
              HasSubstr("its first frame lies outside of it"));
  const auto whole = animation(0, 0, kWidth, kHeight);
  EXPECT_THAT(thrown([&] { decode_image(whole.substr(0, 80), "a.webp"); }), HasSubstr("a.webp"));
}

/// A GIF file with an animation of one frame after the other, on a canvas of 8 x 16 pixels. A colour's red is
/// its number times 16.
class GifFile {
 public:
  GifFile() : bytes_("GIF89a" + little(8, 2) + little(16, 2) + "\xF3" + little(0, 2)) {
    for (int i = 0; i < 16; ++i) bytes_ += std::string(1, static_cast<char>(16 * i)) + "AB";
    bytes_ += std::string("\x21\xF9\x04\x01\x0A\x00\x03\x00", 8);  // colour 3 is transparent
  }

  /// `rows` are the numbers of the colours, as the file stores them.
  GifFile& frame(int left, int top, const std::vector<std::vector<int>>& rows, bool is_interlaced = false) {
    const auto width = static_cast<uint32_t>(rows.front().size()),
               height = static_cast<uint32_t>(rows.size());
    bytes_ += "," + little(static_cast<uint32_t>(left), 2) + little(static_cast<uint32_t>(top), 2) +
              little(width, 2) + little(height, 2) + (is_interlaced ? "\x40" : std::string(1, '\0')) + "\x04";
    // Each code has five bits while the table is cleared before every pixel.
    constexpr uint32_t kClear = 16, kEnd = 17;
    std::vector<uint32_t> codes;
    for (const auto& row : rows)
      for (const int colour : row) codes.insert(codes.end(), {kClear, static_cast<uint32_t>(colour)});
    codes.push_back(kEnd);
    std::string data;
    uint32_t bits = 0, count = 0;
    for (const auto code : codes) {
      bits |= code << count;
      for (count += 5; count >= 8; count -= 8, bits >>= 8) data += static_cast<char>(bits & 0xFF);
    }
    data += static_cast<char>(bits & 0xFF);
    for (size_t i = 0; i < data.size(); i += 255) {
      const auto block = data.substr(i, 255);
      bytes_ += static_cast<char>(block.size()) + block;
    }
    bytes_ += '\0';
    return *this;
  }

  std::string bytes() const { return bytes_ + ";"; }

 private:
  std::string bytes_;
};

TEST(ImageFile, of_a_gif_the_first_frame_is_read) {
  EXPECT_TRUE(is_image_name("a.GIF"));
  const auto file = GifFile().frame(2, 5, {{1, 2, 3}, {4, 15, 6}}).frame(0, 0, {{9, 9}}).bytes();
  const auto image = decode_image(file, "a.gif");
  ASSERT_EQ(image.sizes(), (std::vector<int64_t>{16, 8, 3}));
  auto expected = at::zeros({16, 8}, at::kByte);
  const int colours[2][3] = {{1, 2, 3}, {4, 15, 6}};
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 3; ++x) expected[5 + y][2 + x] = 16 * colours[y][x];
  EXPECT_TRUE(at::equal(image.select(2, 0), expected)) << image.select(2, 0);
  EXPECT_EQ(image[5][2][1].item<int>(), 'A');
  EXPECT_EQ(image[5][2][2].item<int>(), 'B');
}

TEST(ImageFile, rows_of_an_interlaced_gif_are_put_where_they_belong) {
  std::vector<std::vector<int>> stored;
  const std::vector<int> order = {0, 8, 4, 2, 6, 1, 3, 5, 7, 9};
  for (const int row : order) stored.push_back({row});
  const auto image = decode_image(GifFile().frame(0, 0, stored, true).bytes(), "a.gif");
  for (int row = 0; row < 10; ++row) EXPECT_EQ(image[row][0][0].item<int>(), 16 * row);
}

TEST(ImageFile, a_gif_that_is_cut_off_or_damaged_says_so) {
  const auto file = GifFile().frame(0, 0, {{1, 2, 3}, {4, 5, 6}}).bytes();
  for (const size_t length : {size_t{5}, size_t{12}, size_t{40}, file.size() - 8})
    EXPECT_THAT(thrown([&] { decode_image(file.substr(0, length), "a.gif"); }),
                HasSubstr("a.gif is cut off before its end"))
        << length;
  EXPECT_THAT(thrown([] { decode_image(GifFile().bytes(), "a.gif"); }), HasSubstr("has no picture in it"));
  EXPECT_THAT(thrown([] { decode_image(GifFile().frame(40000, 0, {{1}}).bytes(), "a.gif"); }),
              HasSubstr("a.gif has 40001 x 16 pixels"));
}

/// A picture of noise, whose every byte of data matters.
cv::Mat noise(int width, int height) {
  Random random(3, 1);
  cv::Mat image(height, width, CV_8UC3);
  for (int i = 0; i < width * height; ++i)
    for (int c = 0; c < 3; ++c)
      image.at<cv::Vec3b>(i / width, i % width)[c] = static_cast<unsigned char>(random.below(256));
  return image;
}

/// How the JPEG files are written, and what that is called.
const std::vector<std::pair<std::string, std::vector<int>>>& ways() {
  static const std::vector<std::pair<std::string, std::vector<int>>> all = {
      {"baseline", {}},
      {"progressive", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
      {"with_restarts", {cv::IMWRITE_JPEG_RST_INTERVAL, 1}},
      {"progressive_with_restarts", {cv::IMWRITE_JPEG_PROGRESSIVE, 1, cv::IMWRITE_JPEG_RST_INTERVAL, 1}},
      {"small", {cv::IMWRITE_JPEG_QUALITY, 20, cv::IMWRITE_JPEG_OPTIMIZE, 1}}};
  return all;
}

class JpegFile : public ::testing::TestWithParam<size_t> {
 protected:
  std::string bytes_ = encoded(noise(48, 40), ".jpg", ways()[GetParam()].second);
  at::Tensor image_ = decode_image(bytes_, "whole.jpg");
};

TEST_P(JpegFile, is_whole_with_anything_behind_its_end) {
  Random random(4, 1);
  std::string film;
  for (int i = 0; i < 4000; ++i) film += static_cast<char>(random.below(256));
  for (const auto& behind : {film, std::string("\xFF\xD8\xFF\xDA"), std::string("\xFF\xD9 and more"),
                             std::string(100, '\0'), bytes_.substr(0, bytes_.size() / 2)}) {
    EXPECT_TRUE(at::equal(decode_image(bytes_ + behind, "motion.jpg"), image_));
  }
}

TEST_P(JpegFile, is_read_when_it_lacks_its_end_mark_alone) {
  for (const size_t missing : {1, 2})
    EXPECT_TRUE(at::equal(decode_image(bytes_.substr(0, bytes_.size() - missing), "a.jpg"), image_))
        << missing;
}

TEST_P(JpegFile, is_refused_when_it_is_cut_off) {
  constexpr size_t kSlack = 5;  // the last bits may be padding
  for (size_t size = 2; size + kSlack < bytes_.size(); size += 41)
    EXPECT_THAT(thrown([&] { decode_image(bytes_.substr(0, size), "a.jpg"); }), HasSubstr("a.jpg is"))
        << size;
  for (size_t missing = kSlack; missing < 60; ++missing)
    EXPECT_THAT(thrown([&] { decode_image(bytes_.substr(0, bytes_.size() - missing), "a.jpg"); }),
                HasSubstr("cut off before its end"))
        << missing;
  for (size_t missing = 3; missing < kSlack; ++missing) {
    at::Tensor read;
    const auto said =
        thrown([&] { read = decode_image(bytes_.substr(0, bytes_.size() - missing), "a.jpg"); });
    EXPECT_TRUE(!read.defined() || at::equal(read, image_)) << missing << " " << said;
  }
}

TEST_P(JpegFile, is_refused_when_zeros_stand_where_its_rest_should_be) {
  for (const size_t kept : {bytes_.size() / 2, bytes_.size() - 40}) {
    const auto filled = bytes_.substr(0, kept) + std::string(bytes_.size() - kept, '\0');
    EXPECT_THAT(thrown([&] { decode_image(filled, "a.jpg"); }), HasSubstr("cut off")) << kept;
  }
}

/// A restart mark after every row of blocks: a file may be cut off right there.
TEST_P(JpegFile, is_refused_when_it_is_cut_off_at_any_restart_mark) {
  for (size_t at = 0; (at = bytes_.find('\xFF', at)) != std::string::npos && at + 1 < bytes_.size(); ++at) {
    const auto mark = static_cast<unsigned char>(bytes_[at + 1]);
    if (mark < 0xD0 || mark > 0xD7) continue;
    for (const size_t size : {at, at + 1, at + 2})
      EXPECT_THAT(thrown([&] { decode_image(bytes_.substr(0, size), "a.jpg"); }), HasSubstr("cut off"))
          << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Written, JpegFile, ::testing::Range<size_t>(0, 5),
                         [](const auto& info) { return ways()[info.param].first; });

TEST(ImageFile, reads_grey_and_black_and_white_bitmaps) {
  const auto grey = decode_image("P5\n2 1\n255\n\x10\xF0", "a.pgm");
  EXPECT_EQ(grey[0][0][0].item<int>(), 0x10);
  EXPECT_EQ(grey[0][1][2].item<int>(), 0xF0);
  const auto bits = decode_image("P4\n8 1\n\x7F", "a.pbm");
  EXPECT_EQ(bits[0][0][0].item<int>(), 255);
  EXPECT_EQ(bits[0][1][0].item<int>(), 0);
  for (const auto* name : {"a.jpe", "a.JFIF", "a.pgm", "a.pbm", "b.c.Jpg"})
    EXPECT_TRUE(is_image_name(name)) << name;
  for (const auto* name : {"a.heic", "a.txt", "jpg", "folder.jpg/a"})
    EXPECT_FALSE(is_image_name(name)) << name;
}

TEST(ImageFile, reads_more_formats_where_opencv_does) {
  EXPECT_EQ(is_image_name("a.jp2"), cv::haveImageWriter(".jp2"));
  if (!cv::haveImageWriter(".jp2")) GTEST_SKIP() << "OpenCV was built without JPEG 2000";
  const auto image = decode_image(encoded(gradient(80, 64), ".jp2"), "a.jp2");
  EXPECT_EQ(image.sizes(), (std::vector<int64_t>{64, 80, 3}));
}

TEST(ImageFile, of_a_format_that_is_not_decoded_says_how_to_convert_it) {
  const auto heic = big(24, 4) + "ftypheic" + std::string(12, '\0');
  EXPECT_THAT(thrown([&] { decode_image(heic, "a.heic"); }), HasSubstr("mogrify -format png"));
  for (const std::string bytes : {"x", "\xFF\xD8\xFF", "\x89PNG", "RIFF", "GIF8", "P5"})
    EXPECT_THAT(thrown([&] { decode_image(bytes, "a.jpg"); }), HasSubstr("a.jpg is ")) << bytes;
}

}  // namespace
}  // namespace kindred
