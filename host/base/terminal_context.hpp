#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// The context of the program: plain text on stderr, where progress is a bar with rate and time left on a
/// terminal and a line every few seconds elsewhere. `quiet` keeps warnings and errors only. It is interrupted
/// by what install_interrupt_handler() hears.
///
/// spdlog stays behind it: LibTorch's headers bring another fmt than the system's spdlog was built with, and
/// a file that includes both does not compile.
class TerminalContext final : public Context {
 public:
  explicit TerminalContext(bool quiet);
  ~TerminalContext() override;

  bool interrupted() const override;
  void info(const std::string& text) override;
  void warning(const std::string& text) override;
  /// Goes to the log file only: the screen gets it where the exception arrives.
  void failure(const std::string& text) override;
  void add_log_file(const std::string& path) override;
  void show(const ProgressState& state) override;

 private:
  struct Log;
  using Clock = std::chrono::steady_clock;
  void draw(const ProgressState& state) const;

  const bool quiet_, terminal_;
  std::unique_ptr<Log> log_;
  std::mutex mutex_;
  std::map<std::string, Clock::time_point> shown_;  ///< by label: when it was drawn last
};

/// Returns the warnings in a log file that a TerminalContext wrote, in order; none when there is no file.
std::vector<std::string> warnings_in_log(const std::string& path);

}  // namespace kindred::host
