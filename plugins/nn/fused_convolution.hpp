#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "nn/activation.hpp"

namespace c10 {
struct IValue;
}

namespace kindred::nn {

struct FusedShape {
  int64_t stride = 1, groups = 1;
  std::array<int64_t, 2> before{},
      after{};  ///< zeros above and to the left, below and to the right: height, width
};

/// A convolution of oneDNN that adds a bias, and perhaps another map, and activates while its results are
/// still in the cache. Its weight is packed once, as the processor reads it. For inference on the CPU: it
/// records no gradients.
class FusedConvolution {
 public:
  /// One that is_ready() says no of.
  FusedConvolution() = default;

  /// weight (out, in / groups, k, k) and bias (out) of one dtype, float32 or bfloat16. It is not ready where
  /// LibTorch has no such convolution (before 2.0, or without oneDNN), on another device than the CPU, for
  /// shapes that it cannot do, or where it gives something else than at::conv2d() for a small drawn map.
  FusedConvolution(const at::Tensor& weight, const at::Tensor& bias, const FusedShape& shape);

  bool is_ready() const { return packed_.defined(); }
  bool takes(const at::Tensor& x) const;
  static bool can_do(Activation activation);

  /// x (B, in, H, W) -> activation(w * x + bias), (B, out, ...), channels_last.
  at::Tensor operator()(const at::Tensor& x, Activation activation) const;
  /// activation(w * x + bias + other); `other` has the shape of the result.
  at::Tensor added_to(const at::Tensor& other, const at::Tensor& x, Activation activation) const;

 private:
  /// What the operators are given after their maps.
  std::vector<c10::IValue> constants() const;
  /// Of a small drawn map.
  bool equals_convolution(const at::Tensor& weight) const;
  at::Tensor packed_, bias_;
  at::ScalarType dtype_ = at::kFloat;
  FusedShape shape_{};
  std::array<int64_t, 2> padding_{};
};

}  // namespace kindred::nn
