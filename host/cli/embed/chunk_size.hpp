#pragma once

#include <algorithm>
#include <cstdint>

namespace kindred::host {

/// How many batches are embedded at once before their rows are written: so many that starting the threads
/// that read them costs little, and so few that they take about a second, which is what an interrupt waits
/// for and what a process that dies loses.
class ChunkSize {
 public:
  static constexpr int64_t kMost = 32;

  int64_t batches() const { return batches_; }

  /// The last chunk took so long.
  void took(double seconds) {
    if (seconds < kShort) batches_ = std::min(2 * batches_, kMost);
    if (seconds > kLong) batches_ = std::max<int64_t>(batches_ / 2, 1);
  }

 private:
  static constexpr double kShort = 0.5, kLong = 1;  // seconds
  int64_t batches_ = 1;
};

}  // namespace kindred::host
