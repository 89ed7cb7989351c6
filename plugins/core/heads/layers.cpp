#include "layers.hpp"

#include <ATen/ATen.h>

namespace kindred {

Layers::Layers(const std::vector<int64_t>& widths, nn::Activation activation) : activation_(activation) {
  for (size_t i = 0; i + 1 < widths.size(); ++i) linears_.emplace_back(widths[i], widths[i + 1]);
}

at::Tensor Layers::operator()(const at::Tensor& x) const {
  auto out = linears_.front()(x);
  for (size_t i = 1; i < linears_.size(); ++i) out = linears_[i](nn::activated(out, activation_));
  return out;
}

std::vector<NamedTensor> Layers::parameters() const {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < linears_.size(); ++i) {
    linears_[i].append_parameters("fc_" + std::to_string(i) + ".", all);
  }
  return all;
}

}  // namespace kindred
