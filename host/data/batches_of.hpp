#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"

namespace kindred::host {

/// `samples` from number `first` on, in batches of `size`; the last one may be smaller.
inline std::vector<std::vector<SampleIndex>> batches_of(const std::vector<SampleIndex>& samples,
                                                        int64_t first, int64_t size) {
  std::vector<std::vector<SampleIndex>> batches;
  for (auto begin = samples.begin() + first; begin != samples.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(size, samples.end() - begin);
    batches.emplace_back(begin, end);
    begin = end;
  }
  return batches;
}

}  // namespace kindred::host
