#include "resnet_blocks.hpp"

#include <ATen/ATen.h>

namespace kindred {
namespace {
constexpr double kEpsilon = 1e-5, kMomentum = 0.1;
}

ResidualBlock::ResidualBlock(const std::string& name, const Shape& s, TensorList& list, uint64_t seed)
    : bottleneck_(s.bottleneck), reshapes_(s.stride != 1 || s.inputs != s.outputs) {
  if (bottleneck_) {
    conv1_ = Convolution(name + ".conv1", s.inputs, s.width, 1, 1, 1, list, seed);
    bn1_ = BatchNorm(name + ".bn1", s.width, kEpsilon, kMomentum, list);
    conv2_ = Convolution(name + ".conv2", s.width, s.width, 3, s.stride, s.groups, list, seed);
    bn2_ = BatchNorm(name + ".bn2", s.width, kEpsilon, kMomentum, list);
    conv3_ = Convolution(name + ".conv3", s.width, s.outputs, 1, 1, 1, list, seed);
    bn3_ = BatchNorm(name + ".bn3", s.outputs, kEpsilon, kMomentum, list);
  } else {
    conv1_ = Convolution(name + ".conv1", s.inputs, s.outputs, 3, s.stride, 1, list, seed);
    bn1_ = BatchNorm(name + ".bn1", s.outputs, kEpsilon, kMomentum, list);
    conv2_ = Convolution(name + ".conv2", s.outputs, s.outputs, 3, 1, 1, list, seed);
    bn2_ = BatchNorm(name + ".bn2", s.outputs, kEpsilon, kMomentum, list);
  }
  if (reshapes_) {
    shortcut_ = Convolution(name + ".downsample.0", s.inputs, s.outputs, 1, s.stride, 1, list, seed);
    shortcut_bn_ = BatchNorm(name + ".downsample.1", s.outputs, kEpsilon, kMomentum, list);
  }
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x, bool training) const {
  auto out = bn1_(conv1_(x), training).relu_();
  out = bn2_(conv2_(out), training);
  if (bottleneck_) out = bn3_(conv3_(out.relu_()), training);
  out.add_(reshapes_ ? shortcut_bn_(shortcut_(x), training) : x);
  return out.relu_();
}

}  // namespace kindred
