#include "host/support/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace kindred::host {

void set_up_log(bool quiet) {
  auto screen = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  screen->set_pattern("%v");
  screen->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  auto logger = std::make_shared<spdlog::logger>("kindred", screen);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

void add_log_file(const std::string& path) {
  auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  file->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::default_logger()->sinks().push_back(file);
}

void log_info(const std::string& text) { spdlog::info("{}", text); }

void log_warning(const std::string& text) { spdlog::warn("warning: {}", text); }

void log_failure(const std::string& text) {
  const auto& screen = spdlog::default_logger()->sinks().front();
  const auto level = screen->level();
  screen->set_level(spdlog::level::off);
  spdlog::error("{}", text);
  screen->set_level(level);
}

}  // namespace kindred::host
