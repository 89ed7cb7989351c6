#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "nn/linear.hpp"

namespace kindred::nn {

/// (B, T, width) -> (B, heads, T, width / heads), and back.
at::Tensor split_heads(const at::Tensor& x, int64_t heads);
at::Tensor joined_heads(const at::Tensor& x);

/// softmax(q k^T / sqrt(size)) v for (B, heads, T, size), with LibTorch's fused kernel where it has one.
/// `causal`: a query sees the keys up to its own place alone, of as many keys as queries.
at::Tensor attended(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                    bool causal = false);

/// Multi-head attention of a sequence to itself (Vaswani et al. 2017, section 3.2.2). Each of the four layers
/// maps `width` numbers, a multiple of `heads`, to as many.
struct MultiHeadAttention {
  Linear query, key, value, output;
  int64_t heads = 1;
  double dropout = 0;  ///< of the attention weights, while training; drawn from LibTorch's global generator

  /// x (B, T, width) -> (B, T, width). absent: bool (B, 1, 1, T), true where a key is padding, which gets no
  /// weight; some key of every sequence is there.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& absent, bool training) const;

  /// The four layers.
  std::array<Linear*, 4> linears() { return {&query, &key, &value, &output}; }
};

}  // namespace kindred::nn
