#include "host/support/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kindred::host {
namespace {

constexpr double kTerminalInterval = 0.1;  // seconds between redraws of the bar
constexpr double kWorthALine = 1.0;        // shorter tasks leave no line in a log
constexpr double kPlainInterval = 10.0;    // seconds between plain lines

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = int64_t{std::lround(seconds)};
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::string label, std::string unit, int64_t total, bool quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_draw_(start_) {}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, const std::string& note) {
  if (first_ < 0) first_ = done > 1 ? done - 1 : 0;  // resumed work does not count towards the rate
  done_ = done;
  note_ = note;
  const auto now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_draw_).count();
  if (since < (terminal_ ? kTerminalInterval : kPlainInterval)) return;
  last_draw_ = now;
  draw(false);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  draw(true);
}

void Progress::draw(bool last) {
  if (quiet_ || (last && done_ == 0)) return;
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  if (last && !terminal_ && elapsed < kWorthALine) return;
  const double rate = elapsed > 0 ? static_cast<double>(done_ - std::max<int64_t>(first_, 0)) / elapsed : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  auto text = fmt::format("{} {}/{} {}, {:.{}f}/s, {}", label_, done_, total_, unit_, rate, rate < 10 ? 2 : 0,
                          last ? duration_text(elapsed) : duration_text(left) + " left");
  if (!note_.empty()) text += ", " + note_;
  if (!terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  constexpr size_t kBarWidth = 20;
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1.0;
  const auto filled = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kBarWidth);
  auto line = "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " + text;
  line.resize(std::min(line.size(), terminal_width() - 1));
  std::fprintf(stderr, "\r\x1b[2K%s%s", line.c_str(), last ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace kindred::host
