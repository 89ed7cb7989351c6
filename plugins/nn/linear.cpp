#include "nn/linear.hpp"

#include <ATen/ATen.h>

#include "nn/initialization.hpp"

namespace kindred::nn {

Linear Linear::without_values(int64_t inputs, int64_t outputs) {
  Linear made;
  made.weight_ = at::empty({outputs, inputs}, at::kFloat);
  made.bias_ = at::empty({outputs}, at::kFloat);
  return made;
}

Linear::Linear(int64_t inputs, int64_t outputs, const at::Generator& generator)
    : Linear(without_values(inputs, outputs)) {
  draw_uniform_by_fan_in(weight_, inputs, generator);
  draw_uniform_by_fan_in(bias_, inputs, generator);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

void Linear::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "weight", weight_});
  out.push_back({prefix + "bias", bias_});
}

}  // namespace kindred::nn
