#include "biased_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>

namespace kindred {

BiasedConvolution::BiasedConvolution(const std::string& prefix, const Shape& shape, nn::TensorList& list)
    : shape_(shape),
      weight_(at::empty({shape.outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel}, at::kFloat,
                        at::MemoryFormat::ChannelsLast)),
      bias_(at::empty({shape.outputs}, at::kFloat)) {
  list.parameters.push_back({prefix + "weight", weight_});
  list.parameters.push_back({prefix + "bias", bias_});
}

at::Tensor BiasedConvolution::operator()(const at::Tensor& x) const {
  if (prepared_.convolution && prepared_.convolution->takes(x, nn::Activation::none))
    return prepared_.convolution->run(x, at::Tensor(), nn::Activation::none);
  const auto dtype = x.scalar_type();
  // oneDNN takes tens of times as long for the gradients of a depthwise one in bfloat16.
  const bool is_slow = dtype == at::kBFloat16 && shape_.groups > 1 && x.device().is_cpu();
  if (is_slow && at::GradMode::is_enabled()) return (*this)(x.to(at::kFloat)).to(dtype);
  const bool is_prepared = prepared_.weight.defined() && prepared_.weight.scalar_type() == dtype;
  const bool takes_prepared = is_prepared && !at::GradMode::is_enabled();
  const auto weight = takes_prepared ? prepared_.weight : weight_.to(dtype);
  const auto bias = takes_prepared ? prepared_.bias : bias_.to(dtype);
  const std::array<int64_t, 2> stride = {shape_.stride, shape_.stride}, dilation = {1, 1},
                               padding = {shape_.padding, shape_.padding};
  return at::conv2d(x, weight, bias, stride, padding, dilation, shape_.groups);
}

void BiasedConvolution::prepare_for_inference(at::ScalarType dtype) {
  if (!weight_.defined()) return;
  at::NoGradGuard no_grad;
  // Copies, also of the same dtype, so that every way through the layer computes from the same values.
  const auto copied = [dtype](const at::Tensor& tensor) {
    return tensor.to(tensor.options().dtype(dtype), false, true);
  };
  const std::array<int64_t, 2> border = {shape_.padding, shape_.padding};
  prepared_ = {copied(weight_), copied(bias_)};
  prepared_.convolution = nn::make_inference_convolution(
      {prepared_.weight, prepared_.bias, {shape_.stride, shape_.groups, border, border}});
}

}  // namespace kindred
