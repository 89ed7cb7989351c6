#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kindred::host {

/// Progress of one task on stderr: a bar with rate and time left on a terminal, a plain line every few
/// seconds elsewhere. [one thread at a time]
class Progress {
 public:
  /// `unit` is plural: "pictures", "epochs".
  Progress(std::string label, std::string unit, int64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` so far; `note` is free text such as the running loss.
  void update(int64_t done, const std::string& note = {});
  /// Draws the last state and ends the line; later calls do nothing.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(bool last);

  std::string label_, unit_, note_;
  int64_t total_, done_ = 0, first_ = -1;
  bool quiet_, terminal_, finished_ = false;
  Clock::time_point start_, last_draw_;
};

/// "4.2 s", "3 min 10 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace kindred::host
