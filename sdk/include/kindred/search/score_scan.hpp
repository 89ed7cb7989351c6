#pragma once

#include <cstdint>

namespace kindred {

/// Looking through scores for the few that matter, as fast as they come from memory. Where a score has to be
/// looked at, its run of kScoreRun scores is marked; whoever asks looks at these one by one.
constexpr int64_t kScoreRun = 32;

inline int64_t score_runs(int64_t count) { return (count + kScoreRun - 1) / kScoreRun; }

/// marked[r] = whether a score of the r-th run is at least `limit`.
void mark_scores(const float* scores, int64_t count, float limit, uint8_t* marked);

/// out[i] = |x|^2 of each of `count` rows x, `dimension` numbers one after the other.
void square_lengths(const float* rows, int64_t count, int64_t dimension, float* out);

/// A row with others around it that are wanted: the best, and how many are better than a certain one.
struct ScoreLimits {
  float worst;      ///< a score of at least this may be among the best
  float low, high;  ///< scores above `high` are counted, and those from `low` to `high` are looked at
};

/// Scores of one row, which are products[j] - subtract[j]. Returns how many are above limits.high; marks runs
/// in which one is at least limits.worst or lies from limits.low to limits.high.
int64_t scan_row(const float* products, const float* subtract, int64_t count, ScoreLimits limits,
                 uint8_t* marked);

/// The other way round: the score of one row, products[j] - subtract, for each of `count` others that have
/// limits of their own. Adds one to above[j] where it is above high[j]; marks as scan_row() does.
void scan_column(const float* products, float subtract, int64_t count, const float* worst, const float* low,
                 const float* high, int32_t* above, uint8_t* marked);

}  // namespace kindred
