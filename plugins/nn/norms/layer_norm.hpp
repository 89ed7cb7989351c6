#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

/// Layer normalisation (Ba, Kiros, Hinton 2016): each row without its mean and over its deviation, times a
/// scale, which begins with one, plus a shift, which begins with zero; float32.
class LayerNorm {
 public:
  /// A layer without tensors, to be assigned to.
  LayerNorm() = default;
  /// `epsilon` is added to the variance.
  LayerNorm(int64_t width, double epsilon);

  /// (..., width) -> (..., width), in the dtype of `x`; it is always computed in float32.
  at::Tensor operator()(const at::Tensor& x) const;
  /// Appends `prefix`weight and `prefix`bias.
  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;

 private:
  at::Tensor scale_, shift_;
  double epsilon_ = 0;
};

}  // namespace kindred::nn
