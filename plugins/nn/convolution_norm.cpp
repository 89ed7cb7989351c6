#include "nn/convolution_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>

#include "nn/depthwise.hpp"
#include "nn/initialization.hpp"
#include "nn/norms/shared_norm.hpp"
#include "nn/norms/trained_norm.hpp"
#include "nn/trained_convolution.hpp"

namespace kindred::nn {

ConvolutionNorm::ConvolutionNorm(const std::string& convolution, const std::string& norm,
                                 const ConvolutionShape& shape, const BatchNormConstants& constants,
                                 TensorList& list, uint64_t seed)
    : shape_(shape),
      constants_(constants),
      weight_(
          at::empty({shape.outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel}, at::kFloat)),
      scale_(at::ones({shape.outputs}, at::kFloat)),
      shift_(at::zeros({shape.outputs}, at::kFloat)),
      mean_(at::zeros({shape.outputs}, at::kFloat)),
      variance_(at::ones({shape.outputs}, at::kFloat)) {
  draw_normal_by_fan_out(weight_, shape.outputs / shape.groups * shape.kernel * shape.kernel,
                         named_generator(seed, convolution));
  weight_ = weight_.contiguous(at::MemoryFormat::ChannelsLast);
  list.parameters.push_back({convolution + ".weight", weight_});
  list.parameters.push_back({norm + ".weight", scale_});
  list.parameters.push_back({norm + ".bias", shift_});
  list.buffers.push_back({norm + ".running_mean", mean_});
  list.buffers.push_back({norm + ".running_var", variance_});
}

at::Tensor ConvolutionNorm::operator()(const at::Tensor& x, Activation activation,
                                       const NormStatistics& statistics) const {
  if (statistics.of_batch) return normalized(x, at::Tensor(), activation, statistics);
  if (fits(x, activation)) return folded_.convolution->run(x, at::Tensor(), activation);
  const bool is_prepared = folded_.weight.defined() && folded_.weight.scalar_type() == x.scalar_type();
  if (is_prepared && !at::GradMode::is_enabled())
    return convolved(x, folded_.weight, folded_.bias, activation);
  const auto now = folded();
  return convolved(x, now.weight, now.bias, activation);
}

at::Tensor ConvolutionNorm::added_to(const at::Tensor& other, const at::Tensor& x, Activation activation,
                                     const NormStatistics& statistics) const {
  if (statistics.of_batch) return normalized(x, other, activation, statistics);
  const bool is_same =
      other.scalar_type() == x.scalar_type() && other.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (is_same && fits(x, activation)) return folded_.convolution->run(x, other, activation);
  return activated_in_place((*this)(x, Activation::none, {}).add_(other), activation);
}

at::Tensor ConvolutionNorm::normalized(const at::Tensor& x, const at::Tensor& other, Activation activation,
                                       const NormStatistics& statistics) const {
  const auto map = convolved(x, weight_, at::Tensor(), Activation::none);
  const NormTensors norm{scale_, shift_, mean_, variance_};
  const auto finished = [&](const at::Tensor& out) {
    return activated_in_place(other.defined() ? out.add_(other) : out, activation);
  };
  if (statistics.sum) return finished(shared_norm(map, norm, constants_, statistics.sum));
  const bool adds_alike =
      !other.defined() || (other.scalar_type() == map.scalar_type() && other.sizes() == map.sizes());
  if (is_clamp(activation) && adds_alike && serves_trained_norm(map))
    return trained_norm(map, other, norm, constants_, clamp_of(activation));
  // A single value per channel has no variance, as in BatchNorm; its estimate would be 0 / 0.
  const bool has_variance = map.numel() > map.size(1);
  return finished(at::batch_norm(map, scale_, shift_, mean_, variance_, has_variance, constants_.momentum,
                                 constants_.epsilon, true));
}

bool ConvolutionNorm::fits(const at::Tensor& x, Activation activation) const {
  return folded_.convolution && folded_.convolution->takes(x, activation) && has_prepared_border(x);
}

FinalConvolution ConvolutionNorm::prepared() const {
  const auto [before, after] = border(32 * shape_.stride, 32 * shape_.stride);
  return {folded_.weight, folded_.bias, {shape_.stride, shape_.groups, before, after}};
}

/// The maps are passed over once less forwards and twice less backwards than with a norm behind the
/// convolution. Scale and shift still get their gradients, through the small tensors made here.
ConvolutionNorm::Folded ConvolutionNorm::folded() const {
  const auto factor = scale_ * at::rsqrt(variance_ + constants_.epsilon);
  return {weight_ * factor.view({-1, 1, 1, 1}), shift_ - mean_ * factor};
}

void ConvolutionNorm::prepare_for_inference(at::ScalarType dtype) {
  if (!weight_.defined()) return;
  at::NoGradGuard no_grad;
  const auto now = folded();
  folded_ = {now.weight.to(dtype).contiguous(at::MemoryFormat::ChannelsLast), now.bias.to(dtype)};
  folded_.convolution = make_inference_convolution(prepared());
}

ConvolutionNorm::Border ConvolutionNorm::border(int64_t height, int64_t width) const {
  const int64_t kernel = shape_.kernel, step = shape_.stride;
  Border zeros{{kernel / 2, kernel / 2}, {kernel / 2, kernel / 2}};
  if (shape_.padding == Padding::centred) return zeros;
  const std::array<int64_t, 2> sizes = {height, width};
  for (size_t i = 0; i < 2; ++i) {
    const auto outputs = (sizes[i] + step - 1) / step;
    const auto surplus = std::max<int64_t>(0, (outputs - 1) * step + kernel - sizes[i]);
    zeros.before[i] = surplus / 2, zeros.after[i] = surplus - surplus / 2;
  }
  return zeros;
}

at::Tensor ConvolutionNorm::convolved(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                      Activation activation) const {
  const int64_t kernel = shape_.kernel;
  const auto zeros = border(x.size(2), x.size(3));
  FixedShape shape{shape_.stride, shape_.groups, zeros.before, zeros.after};
  const auto bias_or_zeros = [&] { return bias.defined() ? bias : at::zeros({shape_.outputs}, at::kFloat); };
  const bool depthwise = shape_.groups == shape_.inputs && shape_.groups == shape_.outputs;
  if (depthwise && is_clamp(activation) && serves_depthwise(x, kernel)) {
    const auto [low, high] = clamp_of(activation);
    const std::array<int64_t, 2> outputs = {output_size(x, kernel, shape, 0),
                                            output_size(x, kernel, shape, 1)};
    return depthwise_convolution(x, weight, bias_or_zeros(),
                                 {shape.stride, shape.before, outputs, low, high});
  }
  auto input = x;
  if (shape.before != shape.after) {
    input = at::constant_pad_nd(x, {shape.before[1], shape.after[1], shape.before[0], shape.after[0]})
                .contiguous(at::MemoryFormat::ChannelsLast);
    shape.before = shape.after = {0, 0};
  }
  if (serves_trained(input, weight, shape))
    return activated_in_place(trained_convolution(input, weight, bias_or_zeros(), shape), activation);
  const auto dtype = x.scalar_type();
  const std::array<int64_t, 2> stride = {shape.stride, shape.stride}, dilation = {1, 1};
  const auto out = at::conv2d(input, weight.to(dtype), bias.defined() ? bias.to(dtype) : bias, stride,
                              shape.before, dilation, shape.groups);
  return activated_in_place(out, activation);
}

}  // namespace kindred::nn
