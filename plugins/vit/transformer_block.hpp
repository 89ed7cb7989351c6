#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "nn/attention.hpp"
#include "nn/linear.hpp"
#include "nn/norms/layer_norm.hpp"
#include "rotary_positions.hpp"
#include "vision_transformer_config.hpp"

namespace kindred {

/// The two layers behind an attention: activation(fc1(x)), or activation(gate(x)) * fc1(x), and then fc2.
struct Perceptron {
  nn::Linear gate, fc1, fc2;
  bool gated = false;
  nn::Activation activation = nn::Activation::gelu;

  at::Tensor operator()(const at::Tensor& x) const;
};

/// One block of a vision transformer: x + scale1 * attention(norm1(x)), then x + scale2 * mlp(norm2(x)). Its
/// tensors have the names norm1., attn.query., attn.key., attn.value., attn.proj., scale1, norm2., mlp.gate.,
/// mlp.fc1., mlp.fc2. and scale2. Values are not set.
class TransformerBlock {
 public:
  explicit TransformerBlock(const VisionTransformerConfig& config);

  /// x (B, T, width) -> (B, T, width), in its dtype. `rotary` may be empty.
  at::Tensor operator()(const at::Tensor& x, const RotaryPositions& rotary) const;

  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;
  std::vector<nn::Linear*> linears();

 private:
  at::Tensor attention(const at::Tensor& x, const RotaryPositions& rotary) const;

  int64_t heads_;
  nn::LayerNorm norm1_, norm2_;
  nn::Linear query_, key_, value_, proj_;
  at::Tensor scale1_, scale2_;  ///< (width); undefined without layer scale
  Perceptron mlp_;
};

}  // namespace kindred
