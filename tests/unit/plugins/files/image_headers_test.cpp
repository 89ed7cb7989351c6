#include <gtest/gtest.h>

#include "files/exif.hpp"
#include "files/jpeg_end.hpp"
#include "files/png_chunks.hpp"
#include "files/webp_chunks.hpp"
#include "image_bytes.hpp"

namespace kindred {
namespace {

TEST(ExifOrientation, is_read_in_both_byte_orders_and_never_beyond_the_end) {
  for (const bool little_endian : {true, false}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const auto exif = exif_of(static_cast<uint32_t>(orientation), little_endian);
      EXPECT_EQ(exif_orientation(exif), orientation);
      EXPECT_EQ(exif_orientation(std::string("Exif\0\0", 6) + exif), orientation);
    }
    const auto exif = exif_of(6, little_endian);
    const size_t value_ends = 8 + 2 + 12 + 10;
    for (size_t size = 0; size < exif.size(); ++size)
      EXPECT_EQ(exif_orientation(exif.substr(0, size)), size < value_ends ? 1 : 6) << size;
  }
  EXPECT_EQ(exif_orientation(exif_of(0, true)), 1);
  EXPECT_EQ(exif_orientation(exif_of(9, true)), 1);
  auto far = exif_of(6, true);
  far.replace(4, 4, little(0xFFFFFFFF, 4));
  EXPECT_EQ(exif_orientation(far), 1) << "the directory lies beyond the end";
}

TEST(PngChunks, end_with_iend_wherever_bytes_of_that_name_stand) {
  const std::string signature = "\x89PNG\r\n\x1A\n";
  const auto head = signature + png_chunk("IHDR", std::string(13, '\0')) + png_chunk("tEXt", "IEND");
  EXPECT_FALSE(png_chunks(head).has_end) << "a text is no end";
  const auto whole = head + png_chunk("eXIf", exif_of(8, false)) + png_chunk("IEND", "");
  EXPECT_TRUE(png_chunks(whole).has_end);
  EXPECT_EQ(png_chunks(whole).orientation, 8);
  EXPECT_TRUE(png_chunks(whole + "film").has_end);
  for (size_t size = 0; size + 4 < whole.size(); ++size)
    EXPECT_EQ(png_chunks(whole.substr(0, size)).has_end, false) << size;
  EXPECT_FALSE(png_chunks(signature + big(0xFFFFFFFF, 4) + "IDATx").has_end);
}

TEST(WebpChunks, tell_orientation_and_the_first_frame) {
  const auto picture = webp_chunk("VP8L", "12345");
  EXPECT_EQ(webp_chunks(webp_file(picture)).orientation, 1);
  EXPECT_FALSE(webp_chunks(webp_file(picture)).is_animated);
  const auto turned = webp_file(vp8x(8, 30, 20) + picture + webp_chunk("EXIF", exif_of(5, true)));
  EXPECT_EQ(webp_chunks(turned).orientation, 5);
  EXPECT_EQ(webp_chunks(turned + webp_chunk("EXIF", exif_of(6, true))).orientation, 5)
      << "what lies behind the end of the file is not of it";

  const auto animation =
      webp_file(vp8x(2, 30, 20) + webp_chunk("ANIM", std::string(6, '\0')) +
                webp_frame(4, 2, 10, 12, picture) + webp_frame(0, 0, 30, 20, webp_chunk("VP8 ", "x")));
  const auto first = webp_chunks(animation);
  EXPECT_TRUE(first.is_animated);
  EXPECT_EQ(first.first_frame, webp_file(picture));
  EXPECT_EQ(first.left, 4U);
  EXPECT_EQ(first.top, 2U);
  EXPECT_EQ(first.width, 30U);
  EXPECT_EQ(first.height, 20U);
  const auto alpha = webp_chunk("ALPH", "a") + webp_chunk("VP8 ", "xy");
  EXPECT_EQ(webp_chunks(webp_file(vp8x(2, 30, 20) + webp_frame(0, 0, 10, 12, alpha))).first_frame,
            webp_file(vp8x(0x10, 10, 12) + alpha));
  for (size_t size = 0; size < animation.size(); ++size) webp_chunks(animation.substr(0, size));
}

/// A frame of one component, or of two; a scan of some coefficients down to a bit, with its data.
std::string frame(uint8_t mark, const std::string& components) {
  std::string body = "\x08" + big(8, 2) + big(8, 2) + big(static_cast<uint32_t>(components.size()), 1);
  for (const char id : components) body += std::string(1, id) + "\x11" + std::string(1, '\0');
  return jpeg_segment(mark, body);
}

std::string scan(const std::string& components, uint32_t first, uint32_t last, uint32_t bit,
                 const std::string& data) {
  std::string body = big(static_cast<uint32_t>(components.size()), 1);
  for (const char id : components) body += std::string(1, id) + std::string(1, '\0');
  return jpeg_segment(0xDA, body + big(first, 1) + big(last, 1) + big(bit, 1)) + data;
}

const std::string kStart = "\xFF\xD8", kEnd = "\xFF\xD9";

TEST(JpegEnding, is_the_end_mark_of_the_picture_itself) {
  const auto thumbnail = kStart + frame(0xC0, "a") + scan("a", 0, 63, 0, "xyz") + kEnd;
  const auto data = std::string("x\xFF\0y\xFF\xD0z\xFF\xD1", 9);
  const auto open = kStart + jpeg_segment(0xE1, thumbnail) + frame(0xC0, "a") + scan("a", 0, 63, 0, data);
  EXPECT_EQ(jpeg_ending(open + kEnd).end, JpegEnd::whole);
  EXPECT_EQ(jpeg_ending(open + "\xFF" + kEnd).end, JpegEnd::whole) << "a mark may have more bytes before it";
  EXPECT_EQ(jpeg_ending(open + kEnd + "film" + thumbnail.substr(0, 30)).end, JpegEnd::whole);
  EXPECT_EQ(jpeg_ending(open).end, JpegEnd::unmarked);
  EXPECT_EQ(jpeg_ending(open).next_restart, 2);
  EXPECT_EQ(jpeg_ending(open + "\xFF").end, JpegEnd::unmarked);
  for (size_t size = 0; size + data.size() < open.size(); ++size)
    EXPECT_EQ(jpeg_ending(open.substr(0, size)).end, JpegEnd::cut_off) << size;
  EXPECT_EQ(jpeg_ending(open + jpeg_segment(0xC4, "table")).end, JpegEnd::cut_off)
      << "another scan was to come";
}

TEST(JpegEnding, is_missed_with_scans_that_are_missing) {
  const auto components = kStart + frame(0xC0, "ab") + scan("a", 0, 63, 0, "xyz");
  EXPECT_EQ(jpeg_ending(components).end, JpegEnd::cut_off);
  EXPECT_EQ(jpeg_ending(components + scan("b", 0, 63, 0, "xyz")).end, JpegEnd::unmarked);
  const auto rough = kStart + frame(0xC2, "a") + scan("a", 0, 0, 0, "xyz") + scan("a", 1, 63, 1, "xyz");
  EXPECT_EQ(jpeg_ending(rough).end, JpegEnd::cut_off) << "the last bit is missing";
  EXPECT_EQ(jpeg_ending(rough + scan("a", 1, 63, 0x10, "xyz")).end, JpegEnd::unmarked);
}

}  // namespace
}  // namespace kindred
