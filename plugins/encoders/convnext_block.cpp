#include "convnext_block.hpp"

#include <ATen/ATen.h>

#include "nn/activation.hpp"

namespace kindred {
namespace {

constexpr int64_t kKernel = 7, kExpansion = 4;
constexpr double kResponseEpsilon = 1e-6;

at::Tensor places_first(const at::Tensor& x) { return x.permute({0, 2, 3, 1}); }
at::Tensor channels_first(const at::Tensor& x) { return x.permute({0, 3, 1, 2}); }

}  // namespace

at::Tensor normalized_places(const nn::LayerNorm& norm, const at::Tensor& x) {
  return channels_first(norm(places_first(x)));
}

ConvNextBlock::ConvNextBlock(const std::string& prefix, int64_t width, const ConvNextConfig& config,
                             nn::TensorList& list)
    : norm_(width, config.epsilon),
      widening_(nn::Linear::without_values(width, kExpansion * width)),
      narrowing_(nn::Linear::without_values(kExpansion * width, width)) {
  auto& parameters = list.parameters;
  if (!config.response_norm) {
    scale_ = at::empty({width}, at::kFloat);
    parameters.push_back({prefix + "gamma", scale_});
  }
  const int64_t padding = kKernel / 2;
  depthwise_ = BiasedConvolution(prefix + "conv_dw.", {width, width, kKernel, 1, padding, width}, list);
  norm_.append_parameters(prefix + "norm.", parameters);
  widening_.append_parameters(prefix + "mlp.fc1.", parameters);
  if (config.response_norm) {
    response_scale_ = at::empty({kExpansion * width}, at::kFloat);
    response_shift_ = at::empty({kExpansion * width}, at::kFloat);
    parameters.push_back({prefix + "mlp.grn.weight", response_scale_});
    parameters.push_back({prefix + "mlp.grn.bias", response_shift_});
  }
  narrowing_.append_parameters(prefix + "mlp.fc2.", parameters);
}

at::Tensor ConvNextBlock::operator()(const at::Tensor& input) const {
  const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
  auto y = nn::activated(widening_(norm_(places_first(depthwise_(x)))), nn::Activation::gelu);
  if (response_scale_.defined()) y = with_response(y);
  y = narrowing_(y);
  if (scale_.defined()) y = y * scale_.to(y.scalar_type());
  return x + channels_first(y);
}

/// x (B, H, W, C) whose channels are told apart by their norms over all places.
at::Tensor ConvNextBlock::with_response(const at::Tensor& x) const {
  const auto dtype = x.scalar_type();
  const auto norms = at::linalg_vector_norm(x, 2, at::IntArrayRef{1, 2}, true, at::kFloat);
  const auto responses = norms / (norms.mean(-1, true) + kResponseEpsilon);
  // One factor per picture and channel, so that the large map is passed over once.
  const auto factor = (1 + response_scale_ * responses).to(dtype);
  return at::addcmul(response_shift_.to(dtype), x, factor);
}

void ConvNextBlock::prepare_for_inference(at::ScalarType dtype) {
  depthwise_.prepare_for_inference(dtype);
  widening_.prepare_for_inference();
  narrowing_.prepare_for_inference();
}

void ConvNextBlock::undo_preparation() {
  depthwise_.undo_preparation();
  widening_.undo_preparation();
  narrowing_.undo_preparation();
}

}  // namespace kindred
