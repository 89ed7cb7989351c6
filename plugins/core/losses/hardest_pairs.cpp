#include "hardest_pairs.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <limits>

#include "pairs.hpp"

namespace kindred {
namespace {

/// One pass over the matrix; composed of ATen's operations it would be six, which on a processor takes
/// longer than the matrix product that made it.
template <class Number>
void scan(const Number* distances, const int64_t* labels, int64_t count, int64_t* positives, int64_t* negatives) {
  at::parallel_for(0, count, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Number* row = distances + i * count;
      Number farthest = -std::numeric_limits<Number>::infinity(), nearest = std::numeric_limits<Number>::infinity();
      int64_t positive = -1, negative = -1;
      for (int64_t j = 0; j < count; ++j) {
        if (labels[j] != labels[i]) {
          if (row[j] < nearest) nearest = row[j], negative = j;
        } else if (row[j] > farthest && j != i) {
          farthest = row[j], positive = j;
        }
      }
      positives[i] = positive;
      negatives[i] = negative;
    }
  });
}

}  // namespace

HardestPairs hardest_pairs(const at::Tensor& distances, const at::Tensor& labels) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  at::Tensor positives, negatives, chosen;
  if (distances.is_cpu()) {
    const auto matrix = distances.contiguous(), label = labels.contiguous();
    positives = at::empty_like(label);
    negatives = at::empty_like(label);
    AT_DISPATCH_FLOATING_TYPES(matrix.scalar_type(), "hardest_pairs", [&] {
      scan(matrix.data_ptr<scalar_t>(), label.data_ptr<int64_t>(), label.numel(), positives.data_ptr<int64_t>(),
           negatives.data_ptr<int64_t>());
    });
    chosen = (positives >= 0).logical_and(negatives >= 0);
  } else {
    const auto masks = pair_masks(labels);
    positives = distances.masked_fill(masks.positive.logical_not(), -infinity).argmax(1);
    negatives = distances.masked_fill(masks.negative.logical_not(), infinity).argmin(1);
    chosen = masks.positive.any(1).logical_and(masks.negative.any(1));
  }
  const auto anchors = chosen.nonzero().squeeze(1);
  return {anchors, positives.index_select(0, anchors), negatives.index_select(0, anchors)};
}

}  // namespace kindred
