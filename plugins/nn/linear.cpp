#include "nn/linear.hpp"

#include <ATen/ATen.h>

#include "nn/initialization.hpp"
#include "nn/matrix_convolution.hpp"

namespace kindred::nn {

Linear Linear::without_values(int64_t inputs, int64_t outputs, bool with_bias) {
  Linear made;
  made.weight_ = at::empty({outputs, inputs}, at::kFloat);
  if (with_bias) made.bias_ = at::empty({outputs}, at::kFloat);
  return made;
}

Linear::Linear(int64_t inputs, int64_t outputs, const at::Generator& generator)
    : Linear(without_values(inputs, outputs)) {
  draw_uniform_by_fan_in(weight_, inputs, generator);
  draw_uniform_by_fan_in(bias_, inputs, generator);
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  if (packed_ && x.numel() > 0) {
    // Rows are maps of one place.
    const auto rows = x.reshape({-1, x.size(-1), 1, 1});
    if (packed_->takes(rows, Activation::none)) {
      auto sizes = x.sizes().vec();
      sizes.back() = weight_.size(0);
      return packed_->run(rows, at::Tensor(), Activation::none).view(sizes);
    }
  }
  if (x.scalar_type() == weight_.scalar_type()) return at::linear(x, weight_, bias_);
  return at::linear(x, weight_.to(x.scalar_type()), bias_.defined() ? bias_.to(x.scalar_type()) : bias_);
}

void Linear::prepare_for_inference() {
  packed_ = nullptr;
  if (!weight_.device().is_cpu()) return;
  const auto weight = weight_.detach().view({weight_.size(0), weight_.size(1), 1, 1});
  const auto bias = bias_.defined() ? bias_.detach() : at::zeros({weight_.size(0)}, weight_.options());
  packed_ = make_matrix_convolution({weight, bias, {}});
}

void Linear::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "weight", weight_});
  if (bias_.defined()) out.push_back({prefix + "bias", bias_});
}

}  // namespace kindred::nn
