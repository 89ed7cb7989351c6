#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred::host {

// A sample's number has a type of its own, so that no other number is taken for it. The other numbers stay
// int64_t: training rows, places in a batch, pairs and classes pass between functions in tensors, which know
// no such types.

/// The number of a sample in its dataset, from 0. Tensors of samples are int64, see tensor_of(); a dataset
/// takes and gives int64_t, so that to_int() stands at every call of one. Vectors are indexed by
/// static_cast<size_t>().
enum class SampleIndex : int64_t {};

// Fingerprints are taken of the bytes of such lists.
static_assert(sizeof(SampleIndex) == sizeof(int64_t));

constexpr int64_t to_int(SampleIndex sample) { return static_cast<int64_t>(sample); }

/// All samples of a dataset of `count`, ascending.
inline std::vector<SampleIndex> all_samples(int64_t count) {
  std::vector<SampleIndex> samples;
  samples.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples.push_back(SampleIndex{i});
  return samples;
}

}  // namespace kindred::host
