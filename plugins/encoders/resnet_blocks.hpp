#pragma once

#include "nn/convolution_norm.hpp"

namespace kindred {

/// Every batch norm of a ResNet has these constants.
constexpr nn::BatchNormConstants kResNetNorm = {1e-5, 0.1};

/// Residual block of a ResNet (He et al. 2016): two 3x3 convolutions, or a 1x1 - 3x3 - 1x1 bottleneck. The
/// stride is at the 3x3 convolution, as in torchvision.
class ResidualBlock {
 public:
  struct Shape {
    int64_t inputs, width, outputs, stride, groups;
    bool bottleneck;
  };
  ResidualBlock(const std::string& name, const Shape& shape, nn::TensorList& list, uint64_t seed);
  at::Tensor operator()(const at::Tensor& x, const nn::NormStatistics& statistics) const;

  /// See nn::ConvolutionNorm.
  void prepare_for_inference(at::ScalarType dtype);
  void undo_preparation();

 private:
  bool bottleneck_, reshapes_;
  nn::ConvolutionNorm conv1_, conv2_, conv3_, shortcut_;
};

}  // namespace kindred
