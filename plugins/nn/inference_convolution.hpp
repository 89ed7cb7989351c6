#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>

#include "nn/activation.hpp"

namespace kindred::nn {

struct FixedShape {
  int64_t stride = 1, groups = 1;
  std::array<int64_t, 2> before{},
      after{};  ///< zeros above and to the left, below and to the right: height, width
};

/// Height (side 0) or width (side 1) of what a k x k kernel gives for maps of the size of x (B, C, H, W).
inline int64_t output_size(const at::Tensor& x, int64_t kernel, const FixedShape& shape, size_t side) {
  const int64_t size = x.size(2 + static_cast<int64_t>(side)) + shape.before[side] + shape.after[side];
  return (size - kernel) / shape.stride + 1;
}

/// A convolution with its norm folded into it.
struct FinalConvolution {
  at::Tensor weight, bias;  ///< (out, in / groups, k, k) and (out), of one dtype
  FixedShape shape;
};

/// A convolution whose weights are final, made for inference on the CPU: it adds a bias, and perhaps another
/// map, and activates while its results are still in the cache. Its weight is packed once. It records no
/// gradients. [thread-safe]
class InferenceConvolution {
 public:
  virtual ~InferenceConvolution() = default;

  /// Says whether it does this input; whoever asks goes another way then.
  bool takes(const at::Tensor& x, Activation activation) const;

  /// x (B, in, H, W) -> activation(w * x + bias), or activation(w * x + bias + other) where `other`, which
  /// has the shape, dtype and layout of the result, is defined: (B, out, ...), channels_last.
  virtual at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const = 0;

 protected:
  explicit InferenceConvolution(at::ScalarType dtype) : dtype_(dtype) {}
  virtual bool takes_size(int64_t height, int64_t width) const {
    (void)height, (void)width;
    return true;
  }

 private:
  at::ScalarType dtype_;
};

/// The fastest for a float32 or bfloat16 one: Winograd's for maps that it serves, a product of matrices where
/// k is 1, and oneDNN's fused one or, where LibTorch has none, a product otherwise. Null where none is there:
/// on another device than the CPU, or where what it gives for a small drawn map is not what at::conv2d()
/// gives.
std::shared_ptr<const InferenceConvolution> make_inference_convolution(const FinalConvolution& layer);

/// (B, channels, height, width), channels_last, with the dtype and device of `x` (B, ...); its numbers are
/// not set.
at::Tensor unset_map(const at::Tensor& x, int64_t channels, int64_t height, int64_t width);

/// Says whether an activation is no more than a clamp, which kernels do while results are in registers.
bool is_clamp(Activation activation);

/// The clamp that an activation is.
struct Clamp {
  float low, high;
};
Clamp clamp_of(Activation activation);

}  // namespace kindred::nn
