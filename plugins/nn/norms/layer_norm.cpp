#include "nn/norms/layer_norm.hpp"

#include <ATen/ATen.h>

namespace kindred::nn {

LayerNorm::LayerNorm(int64_t width, double epsilon)
    : scale_(at::ones({width}, at::kFloat)), shift_(at::zeros({width}, at::kFloat)), epsilon_(epsilon) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  const auto dtype = scale_.scalar_type();
  if (x.scalar_type() != dtype) return (*this)(x.to(dtype)).to(x.scalar_type());
  return at::layer_norm(x, scale_.sizes(), scale_, shift_, epsilon_);
}

void LayerNorm::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "weight", scale_});
  out.push_back({prefix + "bias", shift_});
}

}  // namespace kindred::nn
