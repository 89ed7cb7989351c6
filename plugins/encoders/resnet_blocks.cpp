#include "resnet_blocks.hpp"

#include <ATen/ATen.h>

namespace kindred {

ResidualBlock::ResidualBlock(const std::string& name, const Shape& s, nn::TensorList& list, uint64_t seed)
    : bottleneck_(s.bottleneck), reshapes_(s.stride != 1 || s.inputs != s.outputs) {
  const auto layer = [&](const char* convolution, const char* norm, const nn::ConvolutionShape& shape) {
    return nn::ConvolutionNorm(name + convolution, name + norm, shape, kResNetNorm, list, seed);
  };
  if (bottleneck_) {
    conv1_ = layer(".conv1", ".bn1", {s.inputs, s.width});
    conv2_ = layer(".conv2", ".bn2", {s.width, s.width, 3, s.stride, s.groups});
    conv3_ = layer(".conv3", ".bn3", {s.width, s.outputs});
  } else {
    conv1_ = layer(".conv1", ".bn1", {s.inputs, s.outputs, 3, s.stride});
    conv2_ = layer(".conv2", ".bn2", {s.outputs, s.outputs, 3});
  }
  if (reshapes_) shortcut_ = layer(".downsample.0", ".downsample.1", {s.inputs, s.outputs, 1, s.stride});
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x, const nn::NormStatistics& statistics) const {
  auto out = conv1_(x, nn::Activation::relu, statistics);
  if (bottleneck_) out = conv2_(out, nn::Activation::relu, statistics);
  const auto& last = bottleneck_ ? conv3_ : conv2_;
  if (reshapes_)
    return last.added_to(shortcut_(x, nn::Activation::none, statistics), out, nn::Activation::relu,
                         statistics);
  return last.added_to(x, out, nn::Activation::relu, statistics);
}

void ResidualBlock::prepare_for_inference(at::ScalarType dtype) {
  for (auto* layer : {&conv1_, &conv2_, &conv3_, &shortcut_}) layer->prepare_for_inference(dtype);
}

void ResidualBlock::undo_preparation() {
  for (auto* layer : {&conv1_, &conv2_, &conv3_, &shortcut_}) layer->undo_preparation();
}

}  // namespace kindred
