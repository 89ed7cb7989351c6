#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "biased_convolution.hpp"
#include "convnext_config.hpp"
#include "nn/linear.hpp"
#include "nn/norms/layer_norm.hpp"

namespace kindred {

/// Layer norm over the channels at each place: (B, C, H, W) -> (B, C, H, W), channels_last.
at::Tensor normalized_places(const nn::LayerNorm& norm, const at::Tensor& x);

/// Block of a ConvNeXt (Liu et al. 2022, figure 4): a depthwise 7 x 7 convolution, a layer norm, a perceptron
/// with GELU at each place, and the input added to what layer scale makes of it. V2 normalises what the
/// perceptron has inside (Woo et al. 2023, equations 1 to 3) and has no layer scale. Stochastic depth, by
/// which published weights were regularised, is left out, so that training mode computes the same as
/// evaluation mode.
class ConvNextBlock {
 public:
  /// Appends its tensors under timm's names to the list; their values are not set.
  ConvNextBlock(const std::string& prefix, int64_t width, const ConvNextConfig& config, nn::TensorList& list);

  /// (B, width, H, W) -> (B, width, H, W), channels_last, in the dtype of the input.
  at::Tensor operator()(const at::Tensor& input) const;

  /// See nn::Linear.
  void prepare_for_inference(at::ScalarType dtype);
  void undo_preparation();

 private:
  at::Tensor with_response(const at::Tensor& x) const;

  BiasedConvolution depthwise_;
  nn::LayerNorm norm_;
  nn::Linear widening_, narrowing_;
  at::Tensor scale_;                            ///< of layer scale; V2: undefined
  at::Tensor response_scale_, response_shift_;  ///< of V2
};

}  // namespace kindred
