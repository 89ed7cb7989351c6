#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kindred::host {

/// What the frozen stages of an encoder shall be run on: one view of some samples.
struct FeatureRequest {
  int64_t view = 0;
  std::vector<int64_t> samples;
  at::ScalarType compute = at::kFloat;  ///< the stages' arithmetic
  at::ScalarType stored = at::kFloat;   ///< float32, float16 or bfloat16
};

}  // namespace kindred::host
