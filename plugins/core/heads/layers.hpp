#pragma once

#include <string>
#include <vector>

#include "linear.hpp"

namespace kindred {

/// Linear layers with an activation between them and none at the end; parameters "fc_0.weight", "fc_0.bias",
/// ...
class Layers {
 public:
  /// `widths`: D of the input, then of each layer's output; at least two numbers.
  Layers(const std::vector<int64_t>& widths, std::string activation);
  at::Tensor operator()(const at::Tensor& x) const;
  std::vector<NamedTensor> parameters() const;

 private:
  std::vector<Linear> linears_;
  std::string activation_;
};

}  // namespace kindred
