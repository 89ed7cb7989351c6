#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <optional>

#include "nn/inference_convolution.hpp"
#include "nn/kernels/packed_weight.hpp"

namespace kindred::nn {

/// An inverted residual block of MobileNetV2 (Sandler et al. 2018, section 3.3) whose weights are final:
/// expand, ReLU6, depthwise convolution, ReLU6, project, and add the input where that has the shape of the
/// result. It goes over the map by strips of rows, so that the expanded map, which is several times as large
/// as what goes in and comes out, never leaves the processor's cache. [thread-safe]
class FusedInvertedResidual {
 public:
  /// Null where this processor has no kernels for it, or for kernels other than 3 and 5, expanded channels
  /// that are no multiple of 16, and other dtypes than float32. `expand.weight` may be undefined.
  static std::shared_ptr<const FusedInvertedResidual> make(const FinalConvolution& expand,
                                                           const FinalConvolution& depthwise,
                                                           const FinalConvolution& project);

  FusedInvertedResidual(const FinalConvolution& expand, const FinalConvolution& depthwise,
                        const FinalConvolution& project);

  /// Says whether it does this input: float32 on the CPU in channels_last without gradients, and so large
  /// that the layers one after the other are slower.
  bool takes(const at::Tensor& x) const;

  /// x (B, in, H, W) -> (B, out, ...), channels_last; plus x where `adds`.
  at::Tensor run(const at::Tensor& x, bool adds) const;

 private:
  struct Map;
  void run_strip(const Map& map, int64_t strip, float* expanded, float* filtered) const;
  void expand_rows(const Map& map, int64_t image, int64_t first, int64_t rows, float* expanded) const;

  std::optional<PackedWeight> expand_;
  at::Tensor weight_, bias_;  ///< of the depthwise convolution: (k * k, channels), (channels)
  PackedWeight project_;
  int64_t inputs_, inner_, kernel_;
  FixedShape shape_;
};

}  // namespace kindred::nn
