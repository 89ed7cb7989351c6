#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

#include "triplet_windows.hpp"

namespace kindred {

TripletSums triplet_sums_by_sorting(const at::Tensor& distances, const PairMasks& masks,
                                    const TripletWindow& window) {
  at::NoGradGuard no_grad;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto positives = masks.positive.to(distances.scalar_type());
  const auto far = distances.masked_fill(masks.negative.logical_not(), kInfinity);
  const auto [bounds, order] = far.sort(1);
  const auto negatives = masks.negative.sum(1, true);
  const auto upper = at::searchsorted(bounds.contiguous(), (distances + window.margin).contiguous());
  const auto last = upper.minimum(negatives);
  const auto first = window.takes_nearer
                         ? at::zeros_like(last)
                         : at::searchsorted(bounds.contiguous(), distances, false, true).minimum(last);
  const auto running = at::constant_pad_nd(bounds.masked_fill(bounds.isinf(), 0.0).cumsum(1), {1, 0});
  const auto count = (last - first).to(positives.scalar_type()) * positives;
  const auto sums = running.gather(1, last) - running.gather(1, first);
  const auto gaps = (count * (distances + window.margin) - positives * sums).sum();
  // In how many windows each place of the order is.
  auto changes = at::zeros({distances.size(0), distances.size(1) + 1}, distances.options());
  changes.scatter_add_(1, first, positives).scatter_add_(1, last, -positives);
  const auto windows = changes.cumsum(1).slice(1, 0, distances.size(1));
  const auto gradient = count - at::zeros_like(distances).scatter(1, order, windows);
  return {gaps, count.sum(), gradient};
}

}  // namespace kindred
