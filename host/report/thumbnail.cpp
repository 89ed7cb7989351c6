#include "host/report/thumbnail.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <png.h>

#include <algorithm>
#include <cmath>

#include "kindred/error.hpp"

namespace kindred::host {

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
