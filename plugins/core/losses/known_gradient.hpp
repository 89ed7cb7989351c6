#pragma once

#include <ATen/core/Tensor.h>

namespace kindred {

/// The scalar `value` (), whose gradient with respect to `of` is known already: `gradient`, of the shape of
/// `of`. A second derivative throws c10::Error.
at::Tensor with_known_gradient(const at::Tensor& of, const at::Tensor& value, const at::Tensor& gradient);

}  // namespace kindred
