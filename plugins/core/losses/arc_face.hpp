#pragma once

#include "angles.hpp"
#include "class_proxies.hpp"

namespace kindred {

/// Additive angular margin (Deng et al. 2019, eq. 3): cross-entropy of scale cos(theta_c), where the angle of
/// the sample's own class is enlarged by `margin`. cosines (B, C).
inline at::Tensor arc_face_loss(const at::Tensor& cosines, const at::Tensor& labels, double margin,
                                double scale) {
  const auto own = labels.unsqueeze(1);
  const auto target = with_angular_margin(cosines.gather(1, own), margin);
  return cross_entropy(scale * cosines.scatter(1, own, target), labels);
}

}  // namespace kindred
