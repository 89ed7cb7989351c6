#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "kindred/module.hpp"
#include "nn/linear.hpp"
#include "nn/norms/layer_norm.hpp"
#include "nn/pooling.hpp"
#include "transformer_block.hpp"
#include "vision_transformer_config.hpp"

namespace kindred {

/// From the tokens behind the last norm to an embedding. Its tensors, where it has some, are pool.probe,
/// pool.query., pool.key., pool.value., pool.proj., pool.norm., pool.mlp.fc1. and pool.mlp.fc2. of attention
/// pooling, pool.power of the generalised mean, and projection.weight. Values are not set.
class TokenPool {
 public:
  explicit TokenPool(const VisionTransformerConfig& config);

  /// (B, T, width) -> float32 (B, dimension()).
  at::Tensor operator()(const at::Tensor& tokens) const;

  int64_t dimension() const;
  void append_parameters(std::vector<NamedTensor>& out) const;
  std::vector<nn::Linear*> linears();

 private:
  void make_attention(const VisionTransformerConfig& config);
  at::Tensor attention(const at::Tensor& tokens) const;

  TokenPooling pooling_;
  int64_t width_, heads_, prefix_, projected_;
  at::Tensor probe_;  ///< (width)
  nn::Linear query_, key_, value_, proj_;
  nn::LayerNorm norm_;
  Perceptron mlp_;
  nn::GeneralizedMean generalized_mean_;
  nn::Linear projection_;
};

}  // namespace kindred
