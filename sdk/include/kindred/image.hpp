#pragma once

#include <ATen/core/Tensor.h>

#include <array>

namespace kindred {

/// This map is applied to pictures scaled to 0..1, per channel: (x - mean) / std, channels RGB.
struct Normalization {
  std::array<double, 3> mean{0.0, 0.0, 0.0};
  std::array<double, 3> std{1.0, 1.0, 1.0};
};

/// What an encoder gets. Pictures stay uint8 until the encoder normalises them, so a batch moves at a
/// quarter of the bytes and layout and dtype remain the encoder's business.
struct Batch {
  /// Pictures: uint8 (B, H, W, 3) RGB. Vectors: float32 (B, D). Also accepted by picture encoders:
  /// float32 (B, 3, H, W), which is taken as normalised already. Texts: uint8 (B, L), UTF-8 with zeros behind
  /// the end of the shorter ones.
  at::Tensor data;
  Normalization normalization{};  ///< for uint8 pictures
  at::Tensor lengths{};           ///< of texts: int64 (B) on the CPU, their bytes
};

/// (B, 3, H, W) of `dtype` in channels_last memory: uint8 pictures scaled and normalised, a float batch
/// only converted. On the device of `batch.data`. Throws Error for another shape or dtype.
at::Tensor normalized_images(const Batch& batch, at::ScalarType dtype = at::kFloat);

}  // namespace kindred
