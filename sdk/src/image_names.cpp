#include "kindred/io/image_names.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace kindred {
namespace {

/// Endings that people's pictures have, whether anything here decodes them or not.
const char* const kImages[] = {".jpg",   ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib",
                               ".tif",   ".tiff", ".ppm", ".pgm",  ".pbm", ".pnm",  ".gif",  ".jp2", ".j2k",
                               ".heic",  ".heif", ".hif", ".avif", ".jxl", ".tga",  ".psd",  ".exr", ".hdr",
                               ".qoi",   ".ico",  ".pcx", ".svg",  ".eps", ".j2c",  ".jpx",  ".jpf", ".heics",
                               ".heifs", ".mpo",  ".jif", ".jfi",  ".pfm", ".pam",  ".ras",  ".sr",  ".dng",
                               ".cr2",   ".cr3",  ".nef", ".arw",  ".orf", ".raf",  ".rw2"};

}  // namespace

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string ending_of(const std::string& path) {
  const auto slash = path.rfind('/'), dot = path.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) return "";
  return lower_case(path.substr(dot));
}

std::string undecoded_images(const std::string& where, const std::vector<std::string>& names,
                             const std::vector<std::string>& decoded) {
  std::map<std::string, int64_t> counts;
  int64_t all = 0;
  for (const auto& name : names) {
    const auto ending = ending_of(name);
    if (std::find(std::begin(kImages), std::end(kImages), ending) == std::end(kImages)) continue;
    if (std::find(decoded.begin(), decoded.end(), ending) != decoded.end()) continue;
    ++counts[ending];
    ++all;
  }
  if (all == 0) return "";
  std::string list;
  for (const auto& [ending, count] : counts)
    list += (list.empty() ? "" : ", ") + std::to_string(count) + " " + ending;
  const bool one = all == 1;
  return where + ": " + std::to_string(all) + (one ? " picture is" : " pictures are") +
         " left out, since no decoder reads " + (one ? "its format" : "their formats") + " (" + list +
         "); convert " + (one ? "it" : "them") +
         " to JPEG or PNG, for example by `mogrify -format png FILE` of ImageMagick";
}

}  // namespace kindred
