#include "files/gif_frame.hpp"

#include "kindred/error.hpp"

#ifdef KINDRED_HAS_GIF
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>
#endif

namespace kindred {

bool is_gif(const std::string& bytes) { return bytes.compare(0, 4, "GIF8") == 0; }

#ifdef KINDRED_HAS_GIF
namespace {

constexpr int kLargest = 16384;  // pixels of an edge, as of WebP; a few bytes could ask for gigabytes

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, Close>;

struct Source {
  std::string_view rest;
  bool is_short = false;  ///< more was asked for than there is
};

int read_more(GifFileType* gif, GifByteType* to, int count) {
  auto& source = *static_cast<Source*>(gif->UserData);
  const auto taken = std::min(source.rest.size(), static_cast<size_t>(count));
  std::memcpy(to, source.rest.data(), taken);
  source.rest.remove_prefix(taken);
  source.is_short = source.is_short || taken < static_cast<size_t>(count);
  return static_cast<int>(taken);
}

[[noreturn]] void fail(const std::string& name, const Source& source, int error) {
  if (source.is_short) throw Error(name + " is cut off before its end; copy or download it again");
  const char* reason = GifErrorString(error);
  throw Error(name + " is damaged (" + (reason != nullptr ? reason : "giflib does not say how") +
              "); copy or download it again");
}

/// Goes to the first frame and reads its head.
void find_frame(GifFileType& gif, const Source& source, const std::string& name) {
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(&gif, &type) == GIF_ERROR) fail(name, source, gif.Error);
    if (type == TERMINATE_RECORD_TYPE) throw Error(name + " has no picture in it");
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(&gif, &code, &block) == GIF_ERROR) fail(name, source, gif.Error);
    while (block != nullptr) {
      if (DGifGetExtensionNext(&gif, &block) == GIF_ERROR) fail(name, source, gif.Error);
    }
  }
  if (DGifGetImageDesc(&gif) == GIF_ERROR) fail(name, source, gif.Error);
}

/// The rows of a frame in the order in which the file has them (GIF89a specification, appendix E).
std::vector<int> row_order(int height, bool is_interlaced) {
  std::vector<int> rows;
  if (is_interlaced) {
    constexpr int kPasses[][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};  // the first row, and the step
    for (const auto& pass : kPasses) {
      for (int row = pass[0]; row < height; row += pass[1]) rows.push_back(row);
    }
    return rows;
  }
  for (int row = 0; row < height; ++row) rows.push_back(row);
  return rows;
}

}  // namespace

bool reads_gif() { return true; }

cv::Mat first_gif_frame(const std::string& bytes, const std::string& name) {
  Source source{bytes};
  int error = D_GIF_SUCCEEDED;
  const Gif gif(DGifOpen(&source, &read_more, &error));
  if (!gif) fail(name, source, error);
  find_frame(*gif, source, name);
  const auto& frame = gif->Image;
  const auto* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
  if (colours == nullptr) throw Error(name + " is damaged: it has no table of colours");
  // Readers make the canvas as large as the first frame where a file says that it is smaller.
  const int width = std::max<int>(gif->SWidth, frame.Left + frame.Width);
  const int height = std::max<int>(gif->SHeight, frame.Top + frame.Height);
  if (width > kLargest || height > kLargest)
    throw Error(name + " has " + std::to_string(width) + " x " + std::to_string(height) +
                " pixels; a GIF of up to " + std::to_string(kLargest) + " pixels an edge is read");
  if (frame.Width <= 0 || frame.Height <= 0) throw Error(name + " is damaged: its first frame is empty");
  std::vector<GifPixelType> line(static_cast<size_t>(frame.Width));
  cv::Mat canvas = cv::Mat::zeros(height, width, CV_8UC3);
  for (const int row : row_order(frame.Height, frame.Interlace)) {
    if (DGifGetLine(gif.get(), line.data(), frame.Width) == GIF_ERROR) fail(name, source, gif->Error);
    auto* pixels = canvas.ptr<cv::Vec3b>(frame.Top + row) + frame.Left;
    for (int column = 0; column < frame.Width; ++column) {
      const int index = line[static_cast<size_t>(column)];
      if (index >= colours->ColorCount) continue;
      const auto& colour = colours->Colors[index];
      pixels[column] = cv::Vec3b(colour.Blue, colour.Green, colour.Red);
    }
  }
  return canvas;
}

#else

bool reads_gif() { return false; }

cv::Mat first_gif_frame(const std::string&, const std::string& name) {
  throw Error(name + " is a GIF, which this build does not read, since giflib was not found");
}

#endif

}  // namespace kindred
