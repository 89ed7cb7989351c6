#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"

namespace kindred::host {

/// What the frozen stages of an encoder shall be run on: one view of some samples.
struct FeatureRequest {
  int64_t view = 0;
  std::vector<SampleIndex> samples;
  at::ScalarType compute = at::kFloat;  ///< the stages' arithmetic
  at::ScalarType stored = at::kFloat;   ///< float32, float16 or bfloat16
};

}  // namespace kindred::host
