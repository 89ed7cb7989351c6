#pragma once

#include <cstdint>
#include <vector>

#include "host/options/cache_options.hpp"
#include "host/options/component_spec.hpp"

namespace kindred::host {

/// What decides how the frozen stages of encoders are run over a dataset and where their output is kept.
struct EncodingOptions {
  uint64_t seed = 42;   ///< of random views
  int64_t threads = 0;  ///< that read samples; 0: one per processor
  CacheOptions cache;
  ComponentSpec dataset;
  std::vector<ComponentSpec> transforms, train_transforms;
  std::vector<int64_t> test_views = {0};  ///< views of the test samples that are measured
};

}  // namespace kindred::host
