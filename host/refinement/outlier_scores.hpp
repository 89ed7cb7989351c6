#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kindred::host {

/// A sample whose neighbours carry other labels: its own label may be wrong.
struct Outlier {
  int64_t row;         ///< of the sample
  double score;        ///< from 0 to 1: how much of what its neighbours weigh carries another label
  double share;        ///< from 0 to 1: how many of its neighbours carry another label
  int64_t neighbours;  ///< how many it has
  int64_t likely;      ///< the label that weighs most among its neighbours; of equal ones the smallest
};

/// One per row that has a neighbour, worst first: by score, then by share, then by row number.
///
/// neighbours int64 (N, k) are the nearest other rows of each row, -1 for none; distances float32 (N, k), not
/// negative; labels int64 (N); all on the CPU, contiguous. A neighbour at distance d weighs exp(-d / m),
/// where m is the mean of the row's k distances: a near one counts more than a far one, by whatever distance,
/// and neighbours that are all equally far count alike. It costs N k operations. Throws Error when the shapes
/// do not fit or a row is its own neighbour.
std::vector<Outlier> outlier_scores(const at::Tensor& neighbours, const at::Tensor& distances,
                                    const at::Tensor& labels);

}  // namespace kindred::host
