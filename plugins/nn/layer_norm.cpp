#include "nn/layer_norm.hpp"

#include <ATen/ATen.h>

namespace kindred::nn {

LayerNorm::LayerNorm(int64_t width, double epsilon)
    : scale_(at::ones({width}, at::kFloat)), shift_(at::zeros({width}, at::kFloat)), epsilon_(epsilon) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, scale_.sizes(), scale_, shift_, epsilon_);
}

void LayerNorm::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "weight", scale_});
  out.push_back({prefix + "bias", shift_});
}

}  // namespace kindred::nn
