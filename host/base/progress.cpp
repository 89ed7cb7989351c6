#include "host/base/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred::host {

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = int64_t{std::lround(seconds)};
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

namespace {

constexpr size_t kSmallBar = 10, kLargeBar = 20, kShortestLabel = 8;

/// Columns of a text in UTF-8, of which each character takes one.
size_t columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The beginning of a text in so many columns, with "..." where something is missing.
std::string shortened(const std::string& text, size_t width) {
  if (columns(text) <= width) return text;
  const std::string dots = width > 3 ? "..." : "";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && columns(out) + dots.size() >= width) break;
    out += text[i];
  }
  return out + dots;
}

std::vector<std::string> parts_of(const std::string& note) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < note.size();) {
    const auto end = std::min(note.find(", ", begin), note.size());
    parts.push_back(note.substr(begin, end - begin));
    begin = end + 2;
  }
  return parts;
}

std::string bar_of(const ProgressState& state, size_t width) {
  const double share =
      state.total > 0 ? static_cast<double>(state.done) / static_cast<double>(state.total) : 1.0;
  const auto filled = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
  return "[" + std::string(filled, '#') + std::string(width - filled, '-') + "] ";
}

}  // namespace

std::string progress_line(const ProgressState& s, size_t width, bool has_bar) {
  const auto count = fmt::format(" {}/{} {}", s.done, s.total, s.unit);
  auto notes = parts_of(s.note);
  const auto first = notes.empty() ? std::string() : ", " + notes.front();
  const auto needed = columns(count) + columns(first);
  const auto label = shortened(s.label, std::max(kShortestLabel, width > needed ? width - needed : 0));
  const auto head = label + count;
  size_t room = width - std::min(width, columns(head) + columns(first));
  const auto take = [&](const std::string& text) {
    const auto size = columns(text);
    if (size > room) return std::string();
    room -= size;
    return text;
  };
  const double left = s.rate > 0 ? static_cast<double>(s.total - s.done) / s.rate : 0;
  const auto time =
      take(", " + (s.finished ? duration_text(s.elapsed_seconds) : duration_text(left) + " left"));
  auto bar = has_bar ? take(bar_of(s, kSmallBar)) : std::string();
  const auto rate = take(fmt::format(", {:.{}f}/s", s.rate, s.rate < 10 ? 2 : 0));
  std::string rest;
  for (size_t i = 1; i < notes.size(); ++i) {
    const auto more = take(", " + notes[i]);
    if (more.empty()) break;  // what comes behind would seem to follow what came before
    rest += more;
  }
  if (!bar.empty() && room >= kLargeBar - kSmallBar) bar = bar_of(s, kLargeBar);
  return shortened(bar + head + rate + time + first + rest, width);
}

Progress::Progress(std::string label, std::string unit, int64_t total, Context& context, int64_t done_before)
    : context_(context), done_before_(done_before), start_(Clock::now()) {
  state_.label = std::move(label);
  state_.unit = std::move(unit);
  state_.total = total;
  state_.done = done_before;
}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, const std::string& note) {
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
  state_.rate = elapsed > 0 ? static_cast<double>(state_.done - done_before_) / elapsed : 0;
  context_.show(state_);
}

}  // namespace kindred::host
