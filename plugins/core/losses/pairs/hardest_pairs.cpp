#include "hardest_pairs.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/miners/batch_easy_hard.hpp"

namespace kindred {
namespace {

constexpr int64_t kTile = 256;  // rows: large enough for the matrix product, small enough for the cache

/// What is known of each row so far.
template <class Number>
struct Extremes {
  explicit Extremes(int64_t count)
      : farthest(static_cast<size_t>(count), -std::numeric_limits<Number>::infinity()),
        nearest(static_cast<size_t>(count), std::numeric_limits<Number>::infinity()),
        positive(static_cast<size_t>(count), -1),
        negative(static_cast<size_t>(count), -1) {}
  std::vector<Number> farthest, nearest;
  std::vector<int64_t> positive, negative;
};

/// Reads one tile (rows, columns) whose upper left corner is (first_row, first_column). Columns come in
/// ascending order over the calls for a row, so that the first of equals stays.
template <class Number>
void read_tile(const at::Tensor& tile, int64_t first_row, int64_t first_column, const int64_t* labels,
               Extremes<Number>& out) {
  const auto* values = tile.template data_ptr<Number>();
  const int64_t columns = tile.size(1);
  at::parallel_for(0, tile.size(0), 32, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(first_row + i);
      const int64_t label = labels[row];
      Number farthest = out.farthest[row], nearest = out.nearest[row];
      for (int64_t j = 0; j < columns; ++j) {
        const Number value = values[i * columns + j];
        const int64_t column = first_column + j;
        if (labels[column] != label) {
          if (value < nearest) nearest = value, out.negative[row] = column;
        } else if (value > farthest && column != static_cast<int64_t>(row)) {
          farthest = value, out.positive[row] = column;
        }
      }
      out.farthest[row] = farthest;
      out.nearest[row] = nearest;
    }
  });
}

template <class Number>
void search_tiles(Distance distance, const at::Tensor& x, const at::Tensor& labels, int64_t* positives,
                  int64_t* negatives) {
  const int64_t count = x.size(0);
  const auto* label = labels.data_ptr<int64_t>();
  Extremes<Number> extremes(count);
  for (int64_t top = 0; top < count; top += kTile) {
    const auto rows = x.slice(0, top, std::min(top + kTile, count));
    for (int64_t left = top; left < count; left += kTile) {
      const auto tile =
          distance_matrix(distance, rows, x.slice(0, left, std::min(left + kTile, count))).contiguous();
      read_tile<Number>(tile, top, left, label, extremes);
      if (left > top) read_tile<Number>(tile.t().contiguous(), left, top, label, extremes);
    }
  }
  std::copy(extremes.positive.begin(), extremes.positive.end(), positives);
  std::copy(extremes.negative.begin(), extremes.negative.end(), negatives);
}

}  // namespace

Triplets hardest_pairs(Distance distance, const at::Tensor& embeddings, const at::Tensor& labels) {
  at::NoGradGuard no_grad;
  const auto x = embeddings.detach().contiguous();
  if (!x.is_cpu()) {
    return chosen_triplets(distance_matrix(distance, x, x), pair_masks(labels), Hardness::hard,
                           Hardness::hard);
  }
  const auto label = labels.contiguous();
  const auto positives = label.new_empty(label.sizes()), negatives = label.new_empty(label.sizes());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "hardest_pairs", [&] {
    search_tiles<scalar_t>(distance, x, label, positives.data_ptr<int64_t>(), negatives.data_ptr<int64_t>());
  });
  const auto anchors = positives.ge(0).logical_and(negatives.ge(0)).nonzero().squeeze(1);
  return {anchors, positives.index_select(0, anchors), negatives.index_select(0, anchors)};
}

}  // namespace kindred
