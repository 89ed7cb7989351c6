#pragma once

#include <ATen/core/Tensor.h>

#include "nn/activation.hpp"
#include "nn/inference_convolution.hpp"
#include "nn/tiled_weight.hpp"

namespace kindred::nn {

// A 3 x 3 convolution with stride 1 and a border of one zero by Winograd's minimal filtering, F(4 x 4, 3 x
// 3) of Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks": a quarter of the
// multiplications.

/// Says whether the tiles serve a weight (out, in / groups, k, k) of this shape: stride 1, one zero on each
/// side, no groups, float32 on the CPU, channels that are multiples of 16, and a processor with kernels.
bool serves_tiles(const at::Tensor& weight, const FixedShape& shape);

/// How many tiles of 4 x 4 results maps of the size of x (B, C, H, W) are cut into.
int64_t tile_count(const at::Tensor& x);

/// x (B, K, H, W), channels_last; bias (N); other: undefined, or as the result -> clamp(w * x + bias +
/// other), (B, N, H, W), channels_last. All float32. It records no gradients.
at::Tensor tiled_convolution(const at::Tensor& x, const TiledWeight& weight, const at::Tensor& bias,
                             const at::Tensor& other, const Clamp& clamp);

/// x (B, in, H, W) and the gradient of the result (B, out, H, W), both channels_last, float32 -> the gradient
/// of the weight (out, in, 3, 3), channels_last.
at::Tensor tiled_weight_gradient(const at::Tensor& x, const at::Tensor& gradient);

}  // namespace kindred::nn
