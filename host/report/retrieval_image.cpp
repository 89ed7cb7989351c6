#include "host/report/retrieval_image.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/evaluation/relevance.hpp"
#include "host/report/thumbnail.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kCellWidth = 150, kCellHeight = 112, kFrame = 5, kGap = 6, kGroupGap = 24;

struct Colour {
  int red, green, blue;
};
constexpr Colour kGrey{150, 150, 150}, kGreen{30, 170, 60}, kRed{215, 45, 45};

void draw_cell(at::Tensor& canvas, const Dataset& dataset, SampleIndex sample, size_t field, int64_t top,
               int64_t left, Colour frame) {
  auto cell =
      canvas.slice(0, top, top + kCellHeight + 2 * kFrame).slice(1, left, left + kCellWidth + 2 * kFrame);
  cell.select(2, 0).fill_(frame.red);
  cell.select(2, 1).fill_(frame.green);
  cell.select(2, 2).fill_(frame.blue);
  auto inner = cell.slice(0, kFrame, kFrame + kCellHeight).slice(1, kFrame, kFrame + kCellWidth);
  inner.fill_(0);
  try {
    const auto small = thumbnail(dataset.read_field(to_int(sample), field), kCellWidth, kCellHeight);
    const auto y = (kCellHeight - small.size(0)) / 2, x = (kCellWidth - small.size(1)) / 2;
    inner.slice(0, y, y + small.size(0)).slice(1, x, x + small.size(1)).copy_(small);
  } catch (const std::exception&) {
    // The cell stays black; the sample is reported where it mattered.
  }
}

}  // namespace

void write_retrieval_image(const std::string& path, const RetrievalShown& shown, size_t field) {
  at::NoGradGuard no_grad;
  const auto found = shown_queries(shown);
  if (found.queries.empty()) return;
  const Relevance relevance(shown.task);
  const int64_t cell_width = kCellWidth + 2 * kFrame + kGap, cell_height = kCellHeight + 2 * kFrame + kGap;
  const auto count = static_cast<int64_t>(found.queries.size());
  auto canvas = at::full(
      {count * cell_height + kGap, (1 + 2 * kShownNeighbours) * cell_width + 2 * kGroupGap + kGap, 3}, 255,
      at::kByte);
  const auto draw = [&](int64_t place, int64_t top, int64_t left, Colour frame) {
    draw_cell(canvas, shown.dataset, shown.rows[static_cast<size_t>(place)], field, top, left, frame);
  };
  for (int64_t q = 0; q < count; ++q) {
    const int64_t top = kGap + q * cell_height, query = found.queries[static_cast<size_t>(q)];
    draw(query, top, kGap, kGrey);
    int64_t left = kGap + cell_width + kGroupGap;
    for (const auto& neighbours : {found.base, found.tuned}) {
      for (int64_t k = 0; k < neighbours.size(1); ++k) {
        const auto other = neighbours.data_ptr<int64_t>()[q * neighbours.size(1) + k];
        draw(other, top, left, relevance.is_relevant(query, other) ? kGreen : kRed);
        left += cell_width;
      }
      left = kGap + cell_width * (1 + kShownNeighbours) + 2 * kGroupGap;
    }
  }
  write_png(path, canvas);
}

void write_png(const std::string& path, const at::Tensor& image) {
  write_file_atomically(path, png_bytes(image, path));
}

}  // namespace kindred::host
