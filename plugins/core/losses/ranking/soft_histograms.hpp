#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/pairs.hpp"

namespace kindred {

/// Heights of triangles, (B, bins + 1) each: of the positives of each row, and of its negatives.
struct SoftHistograms {
  at::Tensor positive, negative;
};

/// place (B, R): where an entry lies, in widths of a bin; it is divided among the triangle below it and the
/// one above (Cakir et al. 2019, section 3.1), the first and the last two where it lies outside. An entry
/// lies in two triangles, so memory is O(B R) whatever the number of bins. On the
/// CPU a second derivative throws c10::Error.
SoftHistograms soft_histograms(const at::Tensor& place, const PairMasks& masks, int64_t bins);

}  // namespace kindred
