#pragma once

#include <string>
#include <vector>

#include "nn/activation.hpp"
#include "nn/linear.hpp"

namespace kindred {

/// Linear layers with an activation between them and none at the end; parameters "fc_0.weight", "fc_0.bias",
/// ...
class Layers {
 public:
  /// `widths`: D of the input, then of each layer's output; at least two numbers.
  Layers(const std::vector<int64_t>& widths, nn::Activation activation);
  at::Tensor operator()(const at::Tensor& x) const;
  std::vector<NamedTensor> parameters() const;

 private:
  std::vector<nn::Linear> linears_;
  nn::Activation activation_;
};

}  // namespace kindred
