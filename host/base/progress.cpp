#include "host/base/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kindred::host {

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = int64_t{std::lround(seconds)};
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::string label, std::string unit, int64_t total, Context& context)
    : context_(context), start_(Clock::now()) {
  state_.label = std::move(label);
  state_.unit = std::move(unit);
  state_.total = total;
}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, const std::string& note) {
  if (first_ < 0) first_ = done > 1 ? done - 1 : 0;  // resumed work does not count towards the rate
  state_.done = done;
  state_.note = note;
  tell();
}

void Progress::finish() {
  if (state_.finished) return;
  state_.finished = true;
  tell();
}

void Progress::tell() {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  state_.elapsed_seconds = elapsed;
  state_.rate = elapsed > 0 ? static_cast<double>(state_.done - std::max<int64_t>(first_, 0)) / elapsed : 0;
  context_.show(state_);
}

}  // namespace kindred::host
