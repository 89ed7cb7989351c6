#include "files/image_box.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace kindred {

at::Tensor cut_to_box(const at::Tensor& image, const ImageBox& box, double margin) {
  const double mx = margin * static_cast<double>(box.right - box.left);
  const double my = margin * static_cast<double>(box.bottom - box.top);
  const auto low = [](int64_t edge, double by) {
    return static_cast<int64_t>(std::floor(static_cast<double>(edge) - by));
  };
  const auto high = [](int64_t edge, double by) {
    return static_cast<int64_t>(std::ceil(static_cast<double>(edge) + by));
  };
  const int64_t left = std::clamp<int64_t>(low(box.left, mx), 0, image.size(1) - 1);
  const int64_t top = std::clamp<int64_t>(low(box.top, my), 0, image.size(0) - 1);
  const int64_t right = std::clamp<int64_t>(high(box.right, mx), left + 1, image.size(1));
  const int64_t bottom = std::clamp<int64_t>(high(box.bottom, my), top + 1, image.size(0));
  return image.slice(0, top, bottom).slice(1, left, right).contiguous();
}

}  // namespace kindred
