#include "files/image_file.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "files/gif_frame.hpp"
#include "files/jpeg_end.hpp"
#include "files/jpeg_pixels.hpp"
#include "files/png_chunks.hpp"
#include "files/webp_chunks.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred {
namespace {

cv::Mat decoded(const std::string& bytes, int flags) {
  const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  return cv::imdecode(buffer, flags);
}

/// Versions of OpenCV differ in whether they turn these, so that is done here.
constexpr int kAsStored = cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;

/// OpenCV's blue, green and red -> (H, W, 3) RGB.
at::Tensor rgb_of(const cv::Mat& image) {
  if (image.empty()) return {};
  auto out = at::empty({image.rows, image.cols, 3}, at::kByte);
  cv::Mat rgb(image.rows, image.cols, CV_8UC3, out.data_ptr());
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  return out;
}

/// Undefined where it cannot be decoded.
at::Tensor stored_jpeg(const std::string& bytes) {
  const auto pixels = jpeg_pixels(bytes);
  return pixels.defined() ? pixels : rgb_of(decoded(bytes, kAsStored));
}

[[noreturn]] void fail_cut_off(const std::string& name) {
  throw Error(name + " is cut off before its end; copy or download it again");
}

/// What a JPEG lacks is filled with grey. A whole one looks the same whatever follows its
/// data; one that is cut off goes on with whatever is put there, in the same interval or behind the next
/// restart mark.
bool has_all_rows(std::string bytes, int next_restart) {
  constexpr size_t kFilled = 4;  // zeros that a copy which was broken off leaves where the rest should be
  const auto filled_from = bytes.find_last_not_of('\0') + 1;
  if (bytes.size() - filled_from >= kFilled) bytes.resize(filled_from);
  bytes.erase(bytes.find_last_not_of('\xFF') + 1);  // may be the first half of a mark
  const std::string end = "\xFF\xD9", restart = {'\xFF', static_cast<char>(0xD0 + next_restart)};
  const auto image = stored_jpeg(bytes + end);
  for (const char pattern : {'\x55', '\xAA'}) {
    const std::string more(64, pattern);
    const auto other = stored_jpeg(bytes + more + restart + more + end);
    if (!image.defined() || !other.defined() || !at::equal(image, other)) return false;
  }
  return true;
}

/// Turns a picture by an orientation of EXIF: where its first row and column belong.
cv::Mat turned(const cv::Mat& image, int orientation) {
  constexpr int kAroundX = 0, kAroundY = 1, kAroundBoth = -1;
  cv::Mat out = image;
  if (orientation >= 5) cv::transpose(image, out);
  if (orientation == 2 || orientation == 6) cv::flip(out, out, kAroundY);
  if (orientation == 3 || orientation == 7) cv::flip(out, out, kAroundBoth);
  if (orientation == 4 || orientation == 8) cv::flip(out, out, kAroundX);
  return out;
}

at::Tensor decoded_jpeg(const std::string& bytes, const std::string& name) {
  const auto ending = jpeg_ending(bytes);
  if (ending.end == JpegEnd::cut_off) fail_cut_off(name);
  if (ending.end == JpegEnd::unmarked && !has_all_rows(bytes, ending.next_restart)) fail_cut_off(name);
  const auto pixels = stored_jpeg(ending.end == JpegEnd::unmarked ? bytes + "\xFF\xD9" : bytes);
  if (!pixels.defined() || ending.orientation <= 1) return pixels;
  const auto rows = static_cast<int>(pixels.size(0)), columns = static_cast<int>(pixels.size(1));
  const auto image = turned(cv::Mat(rows, columns, CV_8UC3, pixels.data_ptr()), ending.orientation);
  auto out = at::empty({image.rows, image.cols, 3}, at::kByte);
  image.copyTo(cv::Mat(image.rows, image.cols, CV_8UC3, out.data_ptr()));
  return out;
}

cv::Mat decoded_png(const std::string& bytes, const std::string& name) {
  const auto chunks = png_chunks(bytes);
  if (!chunks.has_end) fail_cut_off(name);
  return turned(decoded(bytes, kAsStored), chunks.orientation);
}

/// What the first frame of an animation leaves free is black.
cv::Mat decoded_webp(const std::string& bytes, const std::string& name) {
  constexpr uint32_t kLargest = 16384;  // what libwebp itself reads
  const auto chunks = webp_chunks(bytes);
  if (!chunks.is_animated) return turned(decoded(bytes, kAsStored), chunks.orientation);
  const auto frame = chunks.first_frame.empty() ? cv::Mat() : decoded(chunks.first_frame, kAsStored);
  if (frame.empty()) fail_cut_off(name);
  const cv::Rect place(static_cast<int>(chunks.left), static_cast<int>(chunks.top), frame.cols, frame.rows);
  if (chunks.width > kLargest || chunks.height > kLargest || chunks.left > kLargest ||
      chunks.top > kLargest || static_cast<uint32_t>(place.br().x) > chunks.width ||
      static_cast<uint32_t>(place.br().y) > chunks.height)
    throw Error(name + " is damaged: its first frame lies outside of it; copy or download it again");
  cv::Mat canvas = cv::Mat::zeros(static_cast<int>(chunks.height), static_cast<int>(chunks.width), CV_8UC3);
  frame.copyTo(canvas(place));
  return turned(canvas, chunks.orientation);
}

/// Undefined where nothing decodes it.
at::Tensor decoded_file(const std::string& bytes, const std::string& name) {
  if (bytes.compare(0, 3, "\xFF\xD8\xFF") == 0) return decoded_jpeg(bytes, name);
  if (bytes.compare(0, 4, "\x89PNG") == 0) return rgb_of(decoded_png(bytes, name));
  if (is_webp(bytes)) return rgb_of(decoded_webp(bytes, name));
  if (is_gif(bytes) && reads_gif()) return rgb_of(first_gif_frame(bytes, name));
  return rgb_of(decoded(bytes, cv::IMREAD_COLOR));
}

/// Empty, or how to make one that can be read.
std::string advice(const std::string& bytes) {
  const bool is_known = is_gif(bytes) || (bytes.size() > 8 && bytes.compare(4, 4, "ftyp") == 0);
  if (!is_known) return "";
  return "; convert it, for example by `mogrify -format png FILE` of ImageMagick";
}

}  // namespace

at::Tensor read_image(const std::string& path) { return decode_image(read_file(path), path); }

at::Tensor decode_image(const std::string& bytes, const std::string& name) {
  if (bytes.empty()) throw Error(name + " is empty");
  at::Tensor image;
  try {
    image = decoded_file(bytes, name);
  } catch (const cv::Exception& error) {
    throw Error(name + " cannot be decoded: " + error.err);
  }
  if (!image.defined())
    throw Error(name + " is no picture that can be decoded (JPEG, PNG, WebP, BMP, TIFF, PPM, PGM or PBM)" +
                advice(bytes));
  return image;
}

const std::vector<std::string>& image_endings() {
  static const auto endings = [] {
    std::vector<std::string> all = {".jpg",  ".jpeg", ".png", ".webp", ".bmp", ".tif",
                                    ".tiff", ".ppm",  ".jpe", ".jif",  ".jfi", ".jfif",
                                    ".mpo",  ".apng", ".dib", ".pgm",  ".pbm", ".pnm"};
    for (const auto* ending : {".jp2", ".gif", ".avif"}) {  // not every build of OpenCV reads them
      if (cv::haveImageWriter(ending) || (ending == std::string(".gif") && reads_gif()))
        all.emplace_back(ending);
    }
    return all;
  }();
  return endings;
}

bool is_image_name(const std::string& path) {
  const auto& all = image_endings();
  return std::find(all.begin(), all.end(), ending_of(path)) != all.end();
}

}  // namespace kindred
