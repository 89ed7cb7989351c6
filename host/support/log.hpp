#pragma once

#include <string>

/// The host's log. spdlog stays behind it: LibTorch's headers bring another fmt than the system's spdlog
/// was built with, and a file that includes both does not compile.
namespace kindred::host {

/// Messages go to stderr as plain text; `quiet` keeps warnings and errors only.
void set_up_log(bool quiet);

/// Everything also goes to `path`, with times, until the process ends.
void add_log_file(const std::string& path);

void log_info(const std::string& text);
void log_warning(const std::string& text);
/// To the log file only: the screen gets it from main when the exception arrives there.
void log_failure(const std::string& text);

}  // namespace kindred::host
