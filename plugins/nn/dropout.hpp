#pragma once

#include <ATen/core/Tensor.h>

namespace kindred::nn {

/// While training, each element is zeroed with `probability` and the others are divided by 1 - probability
/// (Srivastava et al. 2014); otherwise `x` itself. On the CPU, in float32, the result does not depend on the
/// number of threads.
at::Tensor dropped(const at::Tensor& x, double probability, bool training);

}  // namespace kindred::nn
