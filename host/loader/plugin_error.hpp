#pragma once

#include <stdexcept>
#include <string>

namespace kindred::host {

/// A failure inside a plugin, or on the way to one. The host exits with code 4 on it.
/// what() is "plugin X, component Y, phase Z: message"; parts that are empty are left out.
class PluginError : public std::runtime_error {
 public:
  PluginError(std::string plugin, std::string component, std::string phase, std::string message);

  /// The plugin's id, or its file where the id is not known.
  const std::string& plugin() const { return plugin_; }
  const std::string& component() const { return component_; }
  /// "search", "gate", "load", "schema", "register", "create", or what the host was doing: "forward".
  const std::string& phase() const { return phase_; }
  const std::string& message() const { return message_; }

 private:
  std::string plugin_, component_, phase_, message_;
};

}  // namespace kindred::host
