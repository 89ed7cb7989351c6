#pragma once

#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"

namespace kindred::testing {

/// The samples with these numbers.
inline std::vector<host::SampleIndex> sample_list(const std::vector<int64_t>& numbers) {
  std::vector<host::SampleIndex> samples;
  for (const auto number : numbers) samples.push_back(host::SampleIndex{number});
  return samples;
}

}  // namespace kindred::testing
