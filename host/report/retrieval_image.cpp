#include "host/report/retrieval_image.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/evaluation/relevance.hpp"
#include "host/pictures/thumbnail.hpp"
#include "host/report/small_font.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kCellWidth = 150, kCellHeight = 112, kFrame = 5, kGap = 6, kGroupGap = 24;
constexpr int64_t kTextLine = kGlyphHeight + 2;
constexpr int64_t kCell = kCellWidth + 2 * kFrame + kGap;                   // of each picture, across
constexpr int64_t kLine = kCellHeight + 2 * kFrame + 2 * kTextLine + kGap;  // of each query
constexpr int64_t kTitle = kGap + kTextLine + kGap;                         // above the first query

struct Colour {
  int red, green, blue;
};
constexpr Colour kGrey{150, 150, 150}, kGreen{30, 170, 60}, kRed{215, 45, 45};

/// The places of cells, and what fills them.
class Canvas {
 public:
  Canvas(const RetrievalShown& shown, size_t field, int64_t queries)
      : shown_(shown), field_(field), class_names_(shown.dataset.class_names()) {
    pixels_ = at::full({kTitle + queries * kLine, left_of(1, kShownNeighbours), 3}, 255, at::kByte);
    for (const auto& [text, left] :
         {std::pair{"query", kGap}, std::pair{"base", left_of(0, 0)}, std::pair{"tuned", left_of(1, 0)}}) {
      draw_text(pixels_, text, kGap, left, kCell);
    }
  }

  /// `side` 0 is base, 1 tuned.
  static constexpr int64_t left_of(int64_t side, int64_t number) {
    return kGap + kCell + kGroupGap + side * (kShownNeighbours * kCell + kGroupGap) + number * kCell;
  }

  void draw(int64_t place, int64_t line, int64_t left, Colour frame, const std::string& note) {
    const int64_t top = kTitle + line * kLine;
    const auto sample = shown_.rows[static_cast<size_t>(place)];
    draw_picture(sample, top, left, frame);
    const int64_t below = top + kCellHeight + 2 * kFrame + 3, width = kCellWidth + 2 * kFrame;
    draw_text(pixels_, class_of(sample), below, left, width);
    draw_text(pixels_, note, below + kTextLine, left, width);
  }

  const at::Tensor& pixels() const { return pixels_; }

 private:
  void draw_picture(SampleIndex sample, int64_t top, int64_t left, Colour frame) {
    auto cell =
        pixels_.slice(0, top, top + kCellHeight + 2 * kFrame).slice(1, left, left + kCellWidth + 2 * kFrame);
    cell.select(2, 0).fill_(frame.red);
    cell.select(2, 1).fill_(frame.green);
    cell.select(2, 2).fill_(frame.blue);
    auto inner = cell.slice(0, kFrame, kFrame + kCellHeight).slice(1, kFrame, kFrame + kCellWidth);
    inner.fill_(0);
    try {
      const auto small =
          thumbnail(shown_.dataset.read_field(to_int(sample), field_), kCellWidth, kCellHeight);
      const auto y = (kCellHeight - small.size(0)) / 2, x = (kCellWidth - small.size(1)) / 2;
      inner.slice(0, y, y + small.size(0)).slice(1, x, x + small.size(1)).copy_(small);
    } catch (const std::exception&) {
      // The cell stays black; the sample is reported where it mattered.
    }
  }

  std::string class_of(SampleIndex sample) const {
    const auto label = shown_.dataset.labels()[static_cast<size_t>(to_int(sample))];
    const auto number = static_cast<size_t>(label);
    return number < class_names_.size() ? shown(class_names_[number]) : fmt::format("class {}", label);
  }

  const RetrievalShown& shown_;
  const size_t field_;
  const std::vector<std::string> class_names_;
  at::Tensor pixels_;
};

}  // namespace

void write_retrieval_image(const std::string& path, const RetrievalShown& shown, size_t field) {
  at::NoGradGuard no_grad;
  const auto found = shown_queries(shown);
  if (found.queries.empty()) return;
  const Relevance relevance(shown.task);
  const auto count = static_cast<int64_t>(found.queries.size());
  Canvas canvas(shown, field, count);
  for (int64_t q = 0; q < count; ++q) {
    const int64_t query = found.queries[static_cast<size_t>(q)];
    canvas.draw(query, q, kGap, kGrey, "");
    for (int64_t side = 0; side < 2; ++side) {
      const auto& nearest = side == 0 ? found.base : found.tuned;
      for (int64_t k = 0; k < kShownNeighbours; ++k) {
        const auto other = nearest.rows.data_ptr<int64_t>()[q * kShownNeighbours + k];
        if (other < 0) break;
        canvas.draw(other, q, Canvas::left_of(side, k), relevance.is_relevant(query, other) ? kGreen : kRed,
                    fmt::format("{:.4f}", nearest.distances.data_ptr<float>()[q * kShownNeighbours + k]));
      }
    }
  }
  write_png(path, canvas.pixels());
}

void write_png(const std::string& path, const at::Tensor& image) {
  write_file_atomically(path, png_bytes(image, path));
}

}  // namespace kindred::host
