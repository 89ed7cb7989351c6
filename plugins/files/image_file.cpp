#include "files/image_file.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred {
namespace {

/// OpenCV fills what a truncated file lacks with grey and says nothing, so the ends are looked for here.
/// Inside a JPEG's compressed data 0xFF is always followed by zero or a restart mark, so an end mark behind
/// the last start of scan is the picture's own.
bool is_cut_off(const std::string& bytes) {
  if (bytes.compare(0, 3, "\xFF\xD8\xFF") == 0) {
    const auto scan = bytes.rfind("\xFF\xDA"), end = bytes.rfind("\xFF\xD9");
    return scan == std::string::npos || end == std::string::npos || end < scan;
  }
  if (bytes.compare(0, 4, "\x89PNG") == 0) return bytes.rfind("IEND") == std::string::npos;
  return false;
}

}  // namespace

at::Tensor read_image(const std::string& path) { return decode_image(read_file(path), path); }

at::Tensor decode_image(const std::string& bytes, const std::string& name) {
  if (bytes.empty()) throw Error(name + " is empty");
  if (is_cut_off(bytes)) throw Error(name + " is cut off before its end; copy or download it again");
  cv::Mat image;
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
    image = cv::imdecode(buffer, cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw Error(name + " cannot be decoded: " + error.err);
  }
  if (image.empty())
    throw Error(name + " is no picture that can be decoded (JPEG, PNG, WebP, BMP, TIFF or PPM)");
  auto out = at::empty({image.rows, image.cols, 3}, at::kByte);
  cv::Mat rgb(image.rows, image.cols, CV_8UC3, out.data_ptr());
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  return out;
}

bool is_image_name(const std::string& path) {
  const auto dot = path.rfind('.');
  if (dot == std::string::npos) return false;
  auto extension = path.substr(dot + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const auto* known : {"jpg", "jpeg", "png", "bmp", "webp", "tif", "tiff", "ppm"}) {
    if (extension == known) return true;
  }
  return false;
}

}  // namespace kindred
