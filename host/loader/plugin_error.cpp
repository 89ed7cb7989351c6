#include "host/loader/plugin_error.hpp"

#include <utility>

namespace kindred::host {

namespace {

std::string sentence(const std::string& plugin, const std::string& component, const std::string& phase,
                     const std::string& message) {
  std::string out;
  const auto part = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out += (out.empty() ? "" : ", ") + std::string(name) + " " + value;
  };
  part("plugin", plugin);
  part("component", component);
  part("phase", phase);
  return out.empty() ? message : out + ": " + message;
}

}  // namespace

PluginError::PluginError(std::string plugin, std::string component, std::string phase, std::string message)
    : std::runtime_error(sentence(plugin, component, phase, message)),
      plugin_(std::move(plugin)),
      component_(std::move(component)),
      phase_(std::move(phase)),
      message_(std::move(message)) {}

}  // namespace kindred::host
