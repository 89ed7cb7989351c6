#pragma once

#include <ATen/core/Tensor.h>

#include "class_proxies.hpp"
#include "core/losses/angles.hpp"
#include "kindred/loss.hpp"
#include "kindred/params.hpp"
#include "kindred/plugin.hpp"

namespace kindred {

/// The parameters of ArcFace and of what extends it.
struct ArcFaceParams : LabelSmoothing {
  double margin = 0.5;
  double margin_power = 0;
  double margin_offset = 0;
  double scale = 64.0;
};

/// Additive angular margin (Deng et al. 2019, eq. 3): cross-entropy of scale cos(theta_c), where the angle of
/// the sample's own class is enlarged by the margin of the class. cosines (B, C); own (B, 1), those of the
/// own classes, and margins (B, 1), their margins, both float64.
LossSums arc_face_sums(const at::Tensor& cosines, const at::Tensor& own, const at::Tensor& labels,
                       const at::Tensor& margins, const ArcFaceParams& params);

/// The margin of each class, margin n^-margin_power + margin_offset of a class of n training samples (Ha,
/// Liu, Liu, Xu 2020, "Google Landmark Recognition 2020 Competition Third Place Solution", section 3.2), so
/// that rare classes get larger ones. Where the host only asks what the loss takes, sizes are unknown, and
/// margins are those of very large classes.
class ClassMargins {
 public:
  /// Throws Error where a margin is larger than 1.5.
  ClassMargins(const ArcFaceParams& params, const Site& site);

  /// float64 (B, 1) on the device of the labels (B): the margins of the samples' classes.
  at::Tensor of(const at::Tensor& labels);

 private:
  at::Tensor margins_;  ///< float64 (C), on the device where they were used last
};

/// Declares the parameters of ArcFace.
template <class Params>
void describe_arc_face(Schema<Params>& schema) {
  describe_angular_margin(schema);
  schema.field("margin_power", &Params::margin_power)
      .doc(
          "p of a margin that depends on the number n of the class's training samples, margin * n^-p + "
          "margin_offset, so that rare classes get more; 0.25 is usual (Ha et al. 2020), 0 gives all the "
          "same.")
      .range(0, 1);
  schema.field("margin_offset", &Params::margin_offset)
      .doc("Added to the margin of every class.")
      .unit("radians")
      .range(0, 1.5);
  describe_label_smoothing(schema);
}

}  // namespace kindred
