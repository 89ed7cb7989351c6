#include "nn/inference_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "nn/fused_convolution.hpp"
#include "nn/kernels/processor_kernels.hpp"
#include "nn/matrix_convolution.hpp"
#include "nn/winograd_convolution.hpp"

namespace kindred::nn {
namespace {

using Made = std::shared_ptr<const InferenceConvolution>;

/// Of the largest number of a map: sums are rounded in another order. Winograd's differ by up to 2e-5 with
/// 512 channels; what is wrong differs by more than a hundredth.
const std::map<at::ScalarType, double> kTolerance = {{at::kFloat, 1e-4}, {at::kBFloat16, 2e-2}};

bool equals_convolution(const InferenceConvolution& made, const FinalConvolution& layer) {
  const auto& [weight, bias, shape] = layer;
  const auto dtype = weight.scalar_type();
  const int64_t side = 6 * shape.stride, inputs = weight.size(1) * shape.groups;
  const auto x = at::arange(inputs * side * side, at::kFloat).mul_(0.7F).sin_().view({1, inputs, side, side});
  const auto map = x.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
  const auto padded =
      at::constant_pad_nd(map, {shape.before[1], shape.after[1], shape.before[0], shape.after[0]});
  const std::array<int64_t, 2> stride = {shape.stride, shape.stride}, none = {0, 0}, dilation = {1, 1};
  const auto expected =
      at::conv2d(padded, weight, bias, stride, none, dilation, shape.groups).relu_().to(at::kFloat);
  const auto found = made.run(map, at::Tensor(), Activation::relu).to(at::kFloat);
  const double largest = expected.abs().max().item<double>();
  return found.sizes() == expected.sizes() &&
         (found - expected).abs().max().item<double>() <= kTolerance.at(dtype) * std::max(largest, 1e-6);
}

/// Hands maps that one does not take to another.
class ConvolutionBySize final : public InferenceConvolution {
 public:
  ConvolutionBySize(Made first, Made second)
      : InferenceConvolution(at::kFloat), first_(std::move(first)), second_(std::move(second)) {}

  at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const override {
    return (first_->takes(x, activation) ? first_ : second_)->run(x, other, activation);
  }

 private:
  const Made first_, second_;
};

}  // namespace

bool InferenceConvolution::takes(const at::Tensor& x, Activation activation) const {
  return is_clamp(activation) && x.device().is_cpu() && x.scalar_type() == dtype_ &&
         !at::GradMode::is_enabled() && x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
         takes_size(x.size(2), x.size(3));
}

Made make_inference_convolution(const FinalConvolution& layer) {
  const auto& weight = layer.weight;
  if (!weight.device().is_cpu() || kTolerance.count(weight.scalar_type()) == 0) return nullptr;
  at::NoGradGuard no_grad;
  std::vector<Made (*)(const FinalConvolution&)> makers = {&make_matrix_convolution, &make_fused_convolution};
  // With AVX-512 oneDNN reads what a larger kernel covers without copying it. With AVX2 it wants another
  // layout of the weight for each size of the batch, and changes it at every call for longer than it
  // computes.
  const bool takes_large = processor_kernels().instruction_set == InstructionSet::avx2;
  if (weight.size(2) > 1 && !takes_large) std::reverse(makers.begin(), makers.end());
  const auto checked = [&](const Made& made) {
    return made && equals_convolution(*made, layer) ? made : nullptr;
  };
  Made plain;
  for (const auto make : makers) {
    if ((plain = checked(make(layer)))) break;
  }
  const auto winograd = checked(make_winograd_convolution(layer));
  if (!winograd || !plain) return winograd ? winograd : plain;
  return std::make_shared<ConvolutionBySize>(winograd, plain);
}

at::Tensor unset_map(const at::Tensor& x, int64_t channels, int64_t height, int64_t width) {
  return at::empty({x.size(0), channels, height, width}, x.options(), at::MemoryFormat::ChannelsLast);
}

bool is_clamp(Activation activation) {
  return activation == Activation::none || activation == Activation::relu || activation == Activation::relu6;
}

Clamp clamp_of(Activation activation) {
  constexpr float kUnbounded = std::numeric_limits<float>::infinity();
  return {activation == Activation::none ? -kUnbounded : 0, activation == Activation::relu6 ? 6 : kUnbounded};
}

}  // namespace kindred::nn
