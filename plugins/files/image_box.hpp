#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred {

/// Pixels [left, right) x [top, bottom).
struct ImageBox {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return right <= left || bottom <= top; }
};

/// The part of a picture uint8 (H, W, 3) in the box and `margin` times its size around it, as far as there is
/// any.
at::Tensor cut_to_box(const at::Tensor& image, const ImageBox& box, double margin);

}  // namespace kindred
