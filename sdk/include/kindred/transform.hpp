#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kindred/image.hpp"
#include "kindred/random.hpp"

namespace kindred {

/// A step between reading a picture and batching it. [thread-safe]
class __attribute__((visibility("default"))) Transform {
 public:
  static constexpr const char* kKind = "transform";
  static constexpr uint32_t kRevision = 1;
  virtual ~Transform() = default;

  /// uint8 (H, W, 3) -> uint8 (H', W', 3), contiguous. The input is never changed. `random` is seeded by
  /// (pipeline seed, epoch, sample, place in the list), so results do not depend on threads.
  virtual at::Tensor apply(const at::Tensor& image, Random& random) const = 0;

  /// Says whether apply() draws from `random`: such transforms are refused where pictures are cached.
  virtual bool is_random() const { return false; }

  /// A transform may, instead of touching pixels, say how the encoder shall normalise them. Returns
  /// whether it does; at most one transform of a list may.
  virtual bool normalization(Normalization& out) const {
    (void)out;
    return false;
  }
};

}  // namespace kindred
