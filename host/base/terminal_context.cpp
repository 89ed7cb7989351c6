#include "host/base/terminal_context.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr double kTerminalInterval = 0.1;  // seconds between redraws of the bar
constexpr double kWorthALine = 1.0;        // shorter tasks leave no line in a log
constexpr double kPlainInterval = 10.0;    // seconds between plain lines
constexpr size_t kPlainWidth = 80;         // columns of those

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

constexpr const char* kLogPattern = "%Y-%m-%dT%H:%M:%S.%e %l %v";
constexpr size_t kStampLength = 23;  // what the pattern writes before the level
constexpr const char* kWarning = "warning: ";

/// Says whether a line of a log file begins with a time; others go on with the line before.
bool has_stamp(const std::string& line) {
  return line.size() > kStampLength && line[4] == '-' && line[10] == 'T' && line[19] == '.' &&
         line[kStampLength] == ' ';
}

}  // namespace

struct TerminalContext::Log {
  std::shared_ptr<spdlog::sinks::stderr_sink_mt> screen = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::logger logger{"kindred", screen};
};

TerminalContext::TerminalContext(bool quiet)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1), log_(std::make_unique<Log>()) {
  log_->screen->set_pattern("%v");
  log_->screen->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  log_->logger.flush_on(spdlog::level::info);
}

TerminalContext::~TerminalContext() = default;

bool TerminalContext::interrupted() const { return was_interrupted(); }

void TerminalContext::info(const std::string& text) { log_->logger.info("{}", shown(text)); }

void TerminalContext::warning(const std::string& text) { log_->logger.warn("{}{}", kWarning, shown(text)); }

void TerminalContext::failure(const std::string& text) {
  const auto level = log_->screen->level();
  log_->screen->set_level(spdlog::level::off);
  log_->logger.error("{}", shown(text));
  log_->screen->set_level(level);
}

void TerminalContext::add_log_file(const std::string& path) {
  auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  file->set_pattern(kLogPattern);
  log_->logger.sinks().push_back(file);
}

void TerminalContext::show(const ProgressState& state) {
  if (quiet_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (state.finished) {
    shown_.erase(state.label);
    if (state.done > 0 && (terminal_ || state.elapsed_seconds >= kWorthALine)) draw(state);
    return;
  }
  const auto now = Clock::now();
  const auto begin =
      now - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(state.elapsed_seconds));
  auto& last = shown_.emplace(state.label, begin).first->second;
  const double since = std::chrono::duration<double>(now - last).count();
  if (since < (terminal_ ? kTerminalInterval : kPlainInterval)) return;
  last = now;
  draw(state);
}

void TerminalContext::draw(const ProgressState& state) const {
  if (!terminal_) {
    std::fprintf(stderr, "%s\n", progress_line(state, kPlainWidth, false).c_str());
    return;
  }
  const auto line = progress_line(state, terminal_width() - 1, true);
  std::fprintf(stderr, "\r\x1b[2K%s%s", line.c_str(), state.finished ? "\n" : "");
  std::fflush(stderr);
}

std::vector<std::string> warnings_in_log(const std::string& path) {
  const std::string beginning = std::string(" warning ") + kWarning;
  std::vector<std::string> warnings;
  bool is_in_warning = false;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!has_stamp(line)) {
      if (is_in_warning) warnings.back() += "\n" + line;
      continue;
    }
    is_in_warning = line.compare(kStampLength, beginning.size(), beginning) == 0;
    if (is_in_warning) warnings.push_back(line.substr(kStampLength + beginning.size()));
  }
  return warnings;
}

}  // namespace kindred::host
