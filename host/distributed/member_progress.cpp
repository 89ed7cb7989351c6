#include "host/distributed/member_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace kindred::host {
namespace {

constexpr double kBehind = 0.05, kSecondsOfWord = 3;

/// What another process has done may be more than it was known to have: a unit, and what it does while the
/// word travels.
double least_gap(const ProgressState& state) {
  const double total = std::max(1.0, static_cast<double>(state.total));
  return std::max(kBehind, (1.5 + state.rate * kSecondsOfWord) / total);
}

double share_done(const ProgressState& state) {
  if (state.finished || state.total <= 0) return 1;
  return static_cast<double>(state.done) / static_cast<double>(state.total);
}

}  // namespace

std::string progress_to_tell(const ProgressState& state) {
  return fmt::format("{:.3f} {}", share_done(state), state.label);
}

ProgressState with_slowest(ProgressState state, const std::vector<std::string>& told) {
  if (state.finished) return state;
  double least = share_done(state) - least_gap(state);
  size_t slowest = told.size();
  for (size_t rank = 0; rank < told.size(); ++rank) {
    const auto& text = told[rank];
    const auto blank = text.find(' ');
    if (blank == std::string::npos || text.substr(blank + 1) != state.label) continue;
    const double share = std::strtod(text.c_str(), nullptr);
    if (share <= least) least = share, slowest = rank;
  }
  if (slowest < told.size()) {
    state.note += fmt::format("{}rank {} at {:.0f} %", state.note.empty() ? "" : ", ", slowest, 100 * least);
  }
  return state;
}

}  // namespace kindred::host
