#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "host/base/context.hpp"

namespace kindred::host {

/// Progress of one task, told to the context. [one thread at a time]
class Progress {
 public:
  /// `unit` is plural: "pictures", "epochs". `context` must outlive this. `done_before`: of `total`, by an
  /// earlier execution; it does not count towards the rate.
  Progress(std::string label, std::string unit, int64_t total, Context& context, int64_t done_before = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` so far; `note` is free text such as the running loss.
  void update(int64_t done, const std::string& note = {});
  /// Tells the last state; later calls do nothing.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void tell();

  ProgressState state_;
  Context& context_;
  const int64_t done_before_;
  Clock::time_point start_;
};

/// Returns the state as one line of at most `width` columns, with a bar in front where `has_bar`. What counts
/// comes first: how far the task is and the first part of its note, up to a comma; then what still fits of
/// the time, the bar, the rate and the rest of the note.
std::string progress_line(const ProgressState& state, size_t width, bool has_bar);

/// Returns a text such as "4.2 s", "3 min 10 s" or "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace kindred::host
