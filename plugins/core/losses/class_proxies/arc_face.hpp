#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// Additive angular margin (Deng et al. 2019, eq. 3): cross-entropy of scale cos(theta_c), where the angle of
/// the sample's own class is enlarged by `margin`. cosines (B, C); own (B, 1), those of the own classes,
/// float64.
at::Tensor arc_face_loss(const at::Tensor& cosines, const at::Tensor& own, const at::Tensor& labels,
                         double margin, double scale);

}  // namespace kindred
