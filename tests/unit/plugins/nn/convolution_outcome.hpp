#pragma once

#include <ATen/core/Tensor.h>

namespace kindred::nn {

/// What a convolution gives, and its gradients.
struct ConvolutionOutcome {
  at::Tensor y, x, weight, bias;
};

}  // namespace kindred::nn
