#include "crop.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace kindred {

at::Tensor crop(const at::Tensor& image, int64_t top, int64_t left, int64_t height, int64_t width) {
  const int64_t y0 = std::max<int64_t>(top, 0), y1 = std::min(top + height, image.size(0));
  const int64_t x0 = std::max<int64_t>(left, 0), x1 = std::min(left + width, image.size(1));
  const auto inside = image.slice(0, y0, y1).slice(1, x0, x1);
  if (inside.size(0) == height && inside.size(1) == width) return inside.contiguous();
  auto out = at::zeros({height, width, 3}, at::kByte);
  out.slice(0, y0 - top, y1 - top).slice(1, x0 - left, x1 - left).copy_(inside);
  return out;
}

}  // namespace kindred
