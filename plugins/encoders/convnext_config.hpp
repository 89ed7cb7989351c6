#pragma once

#include <array>
#include <cstdint>

namespace kindred {

constexpr size_t kConvNextStages = 4;

/// This describes a ConvNeXt (Liu et al. 2022) or a ConvNeXt V2 (Woo et al. 2023).
struct ConvNextConfig {
  std::array<int64_t, kConvNextStages> depths{};  ///< blocks of each stage
  std::array<int64_t, kConvNextStages> widths{};  ///< channels of each stage
  /// V2: global response normalisation inside of each block, in place of layer scale behind it.
  bool response_norm = false;
  double initial_scale = 1e-6;  ///< of layer scale, in a network without weights
  double epsilon = 1e-6;        ///< of layer norms
  double last_epsilon = 1e-6;   ///< of the norm behind the pooling
};

}  // namespace kindred
