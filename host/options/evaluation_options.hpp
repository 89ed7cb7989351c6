#pragma once

#include <cstdint>
#include <vector>

namespace kindred::host {

/// Where the dataset gives pairs, among what the partners of the first objects are searched.
enum class PairCandidates { second_objects, all_objects };

/// The plain keys of a pipeline's evaluate section.
struct EvaluationKeys {
  bool baseline = true;
  PairCandidates pair_candidates = PairCandidates::second_objects;
  int64_t bootstrap_samples = 1000;  ///< of the 95 % interval; 0: none
  bool per_class = false;
  int64_t tile_mebibytes = 64;  ///< memory of one tile of the distance matrix
};

/// Everything that is said of measuring.
struct MeasureOptions : EvaluationKeys {
  uint64_t seed = 42;
  std::vector<int64_t> test_views = {0};  ///< numbers of views.hpp whose embeddings are averaged

  int64_t tile_bytes() const { return tile_mebibytes << 20; }
};

}  // namespace kindred::host
