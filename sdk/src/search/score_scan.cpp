#include "kindred/search/score_scan.hpp"

#include <algorithm>

// One body, compiled for several instruction sets and chosen when the program is loaded.
#if defined(__x86_64__) && !defined(__clang__)
#define KINDRED_SCAN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KINDRED_SCAN_CLONES
#endif

namespace kindred {

// The loops have no branch, so that the compiler makes comparisons of whole vectors of them.

KINDRED_SCAN_CLONES
void mark_scores(const float* scores, int64_t count, float limit, uint8_t* marked) {
  for (int64_t first = 0; first < count; first += kScoreRun) {
    const int64_t size = std::min(kScoreRun, count - first);
    int32_t any = 0;
    for (int64_t j = 0; j < size; ++j) any |= static_cast<int32_t>(scores[first + j] >= limit);
    *marked++ = static_cast<uint8_t>(any);
  }
}

KINDRED_SCAN_CLONES
void square_lengths(const float* rows, int64_t count, int64_t dimension, float* out) {
  constexpr int64_t kLanes = 32;  // sums of their own, which the compiler keeps in vectors
  for (int64_t i = 0; i < count; ++i, rows += dimension) {
    float sums[kLanes] = {};
    int64_t d = 0;
    for (; d + kLanes <= dimension; d += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += rows[d + lane] * rows[d + lane];
    }
    float sum = 0;
    for (; d < dimension; ++d) sum += rows[d] * rows[d];
    for (const float part : sums) sum += part;
    out[i] = sum;
  }
}

KINDRED_SCAN_CLONES
int64_t scan_row(const float* products, const float* subtract, int64_t count, ScoreLimits limits,
                 uint8_t* marked) {
  int64_t above = 0;
  for (int64_t first = 0; first < count; first += kScoreRun) {
    const int64_t size = std::min(kScoreRun, count - first);
    int32_t any = 0, counted = 0;
    for (int64_t j = 0; j < size; ++j) {
      const float score = products[first + j] - subtract[first + j];
      const auto is_above = static_cast<int32_t>(score > limits.high);
      counted += is_above;
      any |= static_cast<int32_t>(score >= limits.worst) |
             (static_cast<int32_t>(score >= limits.low) & (1 - is_above));
    }
    above += counted;
    *marked++ = static_cast<uint8_t>(any);
  }
  return above;
}

KINDRED_SCAN_CLONES
void scan_column(const float* products, float subtract, int64_t count, const float* worst, const float* low,
                 const float* high, int32_t* above, uint8_t* marked) {
  for (int64_t first = 0; first < count; first += kScoreRun) {
    const int64_t size = std::min(kScoreRun, count - first);
    int32_t any = 0;
    for (int64_t j = first; j < first + size; ++j) {
      const float score = products[j] - subtract;
      const auto is_above = static_cast<int32_t>(score > high[j]);
      above[j] += is_above;
      any |=
          static_cast<int32_t>(score >= worst[j]) | (static_cast<int32_t>(score >= low[j]) & (1 - is_above));
    }
    *marked++ = static_cast<uint8_t>(any);
  }
}

}  // namespace kindred
