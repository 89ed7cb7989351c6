#include "host/pictures/thumbnail.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// A picture uint8 (H, W, 3) whose pixels are the means of blocks of factor x factor; what is left at its
/// right and lower border belongs to the last blocks' side and is cut off.
at::Tensor block_means(const at::Tensor& image, int64_t factor) {
  const auto plain = image.contiguous();
  const int64_t height = plain.size(0) / factor, width = plain.size(1) / factor, line = plain.size(1) * 3;
  auto out = at::empty({height, width, 3}, at::kByte);
  const auto* from = plain.data_ptr<uint8_t>();
  auto* to = out.data_ptr<uint8_t>();
  const auto count = static_cast<uint32_t>(factor * factor);
  std::vector<uint32_t> sums(static_cast<size_t>(width) * 3);
  for (int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), count / 2);
    for (int64_t i = 0; i < factor; ++i) {
      const auto* pixel = from + (y * factor + i) * line;
      for (int64_t x = 0; x < width; ++x) {
        auto* sum = sums.data() + 3 * x;
        for (int64_t j = 0; j < factor; ++j, pixel += 3) {
          sum[0] += pixel[0];
          sum[1] += pixel[1];
          sum[2] += pixel[2];
        }
      }
    }
    for (const auto sum : sums) *to++ = static_cast<uint8_t>(sum / count);
  }
  return out;
}

}  // namespace

at::Tensor quick_thumbnail(const at::Tensor& image, int64_t width, int64_t height) {
  const auto by_width = image.size(1) / (2 * width), by_height = image.size(0) / (2 * height);
  // Of a narrow picture the border that fills no block would be too much of it.
  const auto most = std::min(image.size(0), image.size(1)) / 32;
  const auto factor = std::min(std::max(by_width, by_height), most);
  return thumbnail(factor < 2 ? image : block_means(image, factor), width, height);
}

at::Tensor thumbnail(const at::Tensor& image, int64_t width, int64_t height) {
  const at::NoGradGuard no_grad;
  const double scale = std::min(static_cast<double>(width) / static_cast<double>(image.size(1)),
                                static_cast<double>(height) / static_cast<double>(image.size(0)));
  const auto rows = std::max<int64_t>(1, std::llround(static_cast<double>(image.size(0)) * scale));
  const auto columns = std::max<int64_t>(1, std::llround(static_cast<double>(image.size(1)) * scale));
  const auto planes = image.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).contiguous();
  return at::_upsample_bilinear2d_aa(planes, {rows, columns}, false)
      .squeeze(0)
      .round()
      .clamp(0, 255)
      .to(at::kByte)
      .permute({1, 2, 0});
}

std::string png_bytes(const at::Tensor& image, const std::string& name) {
  const auto plain = image.contiguous();
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(plain.size(1));
  header.height = static_cast<png_uint_32>(plain.size(0));
  header.format = PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(header), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, plain.data_ptr<uint8_t>(), 0, nullptr))
    throw Error("cannot encode " + name + " as PNG: " + header.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace kindred::host
