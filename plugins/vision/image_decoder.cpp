#include "kindred/decoder.hpp"

#include <opencv2/imgcodecs.hpp>

#include "files/image_file.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Says whether the bytes have the letters of a format at their place.
bool has_mark(std::string_view bytes, std::string_view mark, size_t place = 0) {
  return bytes.size() >= place + mark.size() && bytes.compare(place, mark.size(), mark) == 0;
}

/// Any of the bitmaps of netpbm: P1 to P6 with a white space behind.
bool is_netpbm(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
         std::string_view(" \t\r\n").find(bytes[2]) != std::string_view::npos;
}

/// JPEG, PNG, WebP, BMP, TIFF, GIF, PPM, PGM and PBM in memory, by the code that the datasets of this plugin
/// read files with.
class ImageDecoder final : public Decoder {
 public:
  using Params = NoParams;
  explicit ImageDecoder(const Params&) {}

  bool recognizes(std::string_view bytes) const override {
    return has_mark(bytes, "\xFF\xD8\xFF") || has_mark(bytes, "\x89PNG\r\n\x1A\n") ||
           (has_mark(bytes, "RIFF") && has_mark(bytes, "WEBP", 8)) || has_mark(bytes, "BM") ||
           has_mark(bytes, std::string_view("II*\0", 4)) || has_mark(bytes, std::string_view("MM\0*", 4)) ||
           is_netpbm(bytes) || (has_mark(bytes, "jP  \r\n\x87\n", 4) && is_image_name("a.jp2")) ||
           (has_mark(bytes, "GIF8") && is_image_name("a.gif")) ||
           (has_mark(bytes, "ftypavif", 4) && is_image_name("a.avif"));
  }

  at::Tensor decode(std::string_view bytes, const std::string& name) const override {
    return decode_image(std::string(bytes), name);
  }

  std::vector<std::string> extensions() const override { return image_endings(); }

  std::vector<std::string> examples() const override {
    cv::Mat image(12, 16, CV_8UC3);
    for (int y = 0; y < image.rows; ++y) {
      for (int x = 0; x < image.cols; ++x) {
        image.at<cv::Vec3b>(y, x) =
            cv::Vec3b(90, static_cast<unsigned char>(20 * y), static_cast<unsigned char>(15 * x));
      }
    }
    cv::Mat grey;
    cv::extractChannel(image, grey, 1);
    std::vector<std::string> encoded;
    for (const auto* format : {".jpg", ".png", ".bmp", ".webp", ".tif", ".ppm", ".pgm", ".pbm"}) {
      if (!cv::haveImageWriter(format)) continue;  // OpenCV may be built without WebP or TIFF
      std::vector<unsigned char> bytes;
      const std::string name = format;
      cv::imencode(name, name == ".pgm" || name == ".pbm" ? grey : image, bytes);
      encoded.emplace_back(bytes.begin(), bytes.end());
    }
    return encoded;
  }
};

}  // namespace
KINDRED_COMPONENT(Decoder, ImageDecoder, "kindred.image_decoder", "1.0.0",
                  "JPEG, PNG, WebP, BMP, TIFF, GIF, PPM, PGM and PBM to pictures");
}  // namespace kindred
