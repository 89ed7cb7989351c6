#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "nn/processor_clones.hpp"

namespace kindred {

/// 2^x for x from -126 to 126, to 2e-7 of it: by the nearest integer, and Taylor's series for the rest.
/// Without a call, so that loops over it become vectors.
KINDRED_INLINE float power_of_two(float x) {
  constexpr float kRounds = 12582912;  // 1.5 * 2^23: what is added to it loses its fraction
  const float whole = (x + kRounds) - kRounds, f = x - whole;
  float sum = 1.5403530e-4F;
  sum = sum * f + 1.3333558e-3F;
  sum = sum * f + 9.6181291e-3F;
  sum = sum * f + 5.5504109e-2F;
  sum = sum * f + 2.4022651e-1F;
  sum = sum * f + 6.9314718e-1F;
  sum = sum * f + 1.0F;
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return sum * scale;
}
KINDRED_INLINE double power_of_two(double x) { return std::exp2(x); }

}  // namespace kindred
