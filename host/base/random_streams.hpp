#pragma once

#include <cstdint>

#include "kindred/random.hpp"

namespace kindred::host {

/// What the host draws random numbers for. Each purpose has a key of its own behind the seed, so that no two
/// of them ever draw the same numbers, and drawing for one never shifts another. The numbers decide results:
/// they are never changed or used again. Views of samples are keyed by view_stream().
enum class Stream : uint64_t {
  train_classes = 1,
  validation_classes = 2,
  step = 3,
  validation_order = 4,
  bootstrap = 5,
  chosen_views = 6,
  validation_draw = 8,
  part_of_batch = 9,
  shown_queries = 10,
  augmentation = 11,
  folds = 12,
  lora = 13,
  step_of_rank = 14,
  part_of_batch_of_rank = 15,
};

/// A generator for one purpose; `keys` say which of its draws, such as an epoch and a step.
template <class... Keys>
Random random_stream(uint64_t seed, Stream stream, Keys... keys) {
  return Random(seed, static_cast<uint64_t>(stream), keys...);
}

/// The key of what a view of a sample draws: numbers from the upper end, where Stream has none. `view` > 0.
constexpr uint64_t view_stream(int64_t view) { return static_cast<uint64_t>(-view); }

}  // namespace kindred::host
