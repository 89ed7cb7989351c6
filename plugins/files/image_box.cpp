#include "files/image_box.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "kindred/error.hpp"

namespace kindred {
namespace {

using Edges = std::array<double, 4>;

std::string edge_text(double edge) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, edge).ptr};
}

std::string box_text(const Edges& edges) {
  std::string text;
  for (const auto edge : edges) text += (text.empty() ? "[" : ", ") + edge_text(edge);
  return text + "]";
}

Edges edges_of(const ImageBox& box) {
  return {static_cast<double>(box.left), static_cast<double>(box.top), static_cast<double>(box.right),
          static_cast<double>(box.bottom)};
}

/// Says whether edges are fractions of a picture's width and height.
bool are_shares(const Edges& edges) {
  const auto is_share = [](double edge) { return edge >= 0 && edge <= 1; };
  const auto is_whole = [](double edge) { return edge == std::floor(edge); };
  return std::all_of(edges.begin(), edges.end(), is_share) &&
         !std::all_of(edges.begin(), edges.end(), is_whole);
}

[[noreturn]] void fail_without_area(const Edges& edges, const std::string& place) {
  const auto [left, top, right, bottom] = edges;
  const auto start = place + ": the box " + box_text(edges);
  if (are_shares(edges))
    throw Error(start + " has shares of the picture; expected [left, top, right, bottom] in pixels");
  const bool width = right <= left;
  if (!width && bottom > top) throw Error(start + " has no area when its edges are cut to whole pixels");
  throw Error(start + " has no area, since its " + (width ? "right edge " : "bottom edge ") +
              edge_text(width ? right : bottom) + " is not " +
              (width ? "right of its left edge " : "below its top edge ") + edge_text(width ? left : top) +
              "; expected [left, top, right, bottom] in pixels, not [left, top, width, height]");
}

double area_of(const ImageBox& box) {
  if (box.empty()) return 0;
  return static_cast<double>(box.right - box.left) * static_cast<double>(box.bottom - box.top);
}

ImageBox inside_of(const at::Tensor& image, const ImageBox& box) {
  return {std::max<int64_t>(box.left, 0), std::max<int64_t>(box.top, 0),
          std::min<int64_t>(box.right, image.size(1)), std::min<int64_t>(box.bottom, image.size(0))};
}

}  // namespace

std::string edges_text(const ImageBox& box) {
  std::string text;
  for (const auto edge : {box.left, box.top, box.right, box.bottom}) text += " " + std::to_string(edge);
  return text;
}

void check_box(const ImageBox& box, const std::string& place) {
  if (box.empty()) fail_without_area(edges_of(box), place);
}

ImageBox box_of_edges(const std::array<double, 4>& edges, const std::string& place) {
  const auto whole = [&](size_t k) { return static_cast<int64_t>(edges[k]); };
  const ImageBox box{whole(0), whole(1), whole(2), whole(3)};
  if (box.empty() || are_shares(edges)) fail_without_area(edges, place);
  return box;
}

at::Tensor BoxCuts::cut(const at::Tensor& image, const ImageBox& box, double margin, int64_t index,
                        const std::string& place) const {
  constexpr double kLeastInside = 0.5;
  const double inside = area_of(inside_of(image, box)), all = area_of(box);
  if (inside < kLeastInside * all || inside == 0) {
    throw Error(place + ": the box " + box_text(edges_of(box)) +
                (inside == 0 ? " lies outside" : " lies by more than half outside") + " of the picture of " +
                std::to_string(image.size(1)) + " x " + std::to_string(image.size(0)) +
                " pixels; was it measured on a picture of another size, or before the picture was turned?");
  }
  if (inside < all) {
    const std::lock_guard<std::mutex> lock(mutex_);
    clipped_.insert(index);
  }
  return cut_to_box(image, box, margin);
}

std::vector<Note> BoxCuts::notes(const std::string& dataset) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto count = clipped_.size();
  if (count == 0) return {};
  return {{dataset + ": " + std::to_string(count) + (count == 1 ? " box sticks" : " boxes stick") +
           " out of the picture and " + (count == 1 ? "was" : "were") + " clipped at its edge"}};
}

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
