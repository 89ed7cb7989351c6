#pragma once

#include <chrono>

namespace kindred::host {

/// Seconds of a clock that never jumps, for measuring durations.
inline double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace kindred::host
