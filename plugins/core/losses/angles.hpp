#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/params.hpp"

namespace kindred {

/// cos(theta + shift) of c = cos(theta), theta from 0 to pi, without arccos, whose derivative is infinite at
/// both ends; here it is finite, and zero where the sine is below 3e-4.
at::Tensor cosine_of_shifted(const at::Tensor& c, double shift);

/// cos(theta + margin) for the own class's cosines c = cos(theta) (Deng et al. 2019, eq. 3). Beyond pi -
/// margin, where the cosine would rise again, it is c - margin sin(margin).
at::Tensor with_angular_margin(const at::Tensor& c, double margin);

/// The same with margins that broadcast against `c`.
at::Tensor with_angular_margin(const at::Tensor& c, const at::Tensor& margin);

inline double radians(double degrees) { return degrees * 3.14159265358979323846 / 180; }

/// Declares "margin" and "scale" of a loss that enlarges the angle of the sample's own class.
template <class Params>
void describe_angular_margin(Schema<Params>& schema) {
  schema.field("margin", &Params::margin)
      .doc("Added to the angle of the sample's own class.")
      .unit("radians")
      .range(0, 1.5);
  schema.field("scale", &Params::scale).doc("Factor on the cosines.").range(0.01, 10000);
}

}  // namespace kindred
