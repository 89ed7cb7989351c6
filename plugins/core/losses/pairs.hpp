#pragma once

#include <ATen/ATen.h>

namespace kindred {

/// Which entries of a batch's (B, B) distance matrix are positive and which are negative pairs. A sample
/// is neither with itself.
struct PairMasks {
  at::Tensor positive, negative;  ///< bool (B, B)
};

inline PairMasks pair_masks(const at::Tensor& labels) {
  const auto same = labels.unsqueeze(1) == labels.unsqueeze(0);
  auto self = at::eye(labels.size(0), same.options());
  return {same.logical_and(self.logical_not()), same.logical_not()};
}

/// Mean of the chosen entries; a zero with a gradient path where none is chosen.
inline at::Tensor mean_of_chosen(const at::Tensor& values, const at::Tensor& chosen) {
  const auto kept = at::where(chosen, values, at::zeros_like(values));
  return kept.sum() / chosen.sum().clamp_min(1).to(values.scalar_type());
}

}  // namespace kindred
