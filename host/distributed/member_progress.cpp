#include "host/distributed/member_progress.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace kindred::host {
namespace {

constexpr double kBehind = 0.05;  // less is the time that the word takes to arrive

double share_done(const ProgressState& state) {
  if (state.finished || state.total <= 0) return 1;
  return static_cast<double>(state.done) / static_cast<double>(state.total);
}

}  // namespace

std::string told_progress(const ProgressState& state) {
  return fmt::format("{:.3f} {}", share_done(state), state.label);
}

ProgressState with_slowest(ProgressState state, const std::vector<std::string>& told) {
  double least = share_done(state) - kBehind;
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
