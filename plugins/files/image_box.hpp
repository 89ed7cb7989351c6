#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred {

/// Pixels [left, right) x [top, bottom).
struct ImageBox {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return right <= left || bottom <= top; }
};

/// Returns " 1 2 30 40": the edges, where a fingerprint or a stored object has to tell boxes apart.
std::string edges_text(const ImageBox& box);

/// Throws Error where no picture can have such a box, since its edges are swapped or it is empty. `place` is
/// where it stands: "boxes.csv:12".
void check_box(const ImageBox& box, const std::string& place);

/// The box with the edges left, top, right and bottom that a list has at `place`, in pixels, of which the
/// integer parts are taken. Throws Error with the numbers of the list where it is no box, as check_box()
/// does, or where they are shares of the picture.
ImageBox box_of_edges(const std::array<double, 4>& edges, const std::string& place);

/// The part of a picture uint8 (H, W, 3) in the box and `margin` times its size around it, as far as there is
/// any. The box itself lies in the picture at least in part.
at::Tensor cut_to_box(const at::Tensor& image, const ImageBox& box, double margin);

/// Cuts the pictures of a dataset to their boxes, and counts the boxes that stick out. [thread-safe]
class BoxCuts {
 public:
  /// cut_to_box() of sample `index`. A box may stick out of the picture by up to half of its area; throws
  /// Error that begins with `place` where it is more.
  at::Tensor cut(const at::Tensor& image, const ImageBox& box, double margin, int64_t index,
                 const std::string& place) const;

  /// A note on the boxes that stuck out so far, or none.
  std::vector<Note> notes(const std::string& dataset) const;

 private:
  mutable std::mutex mutex_;
  mutable std::set<int64_t> clipped_;  ///< samples
};

}  // namespace kindred
