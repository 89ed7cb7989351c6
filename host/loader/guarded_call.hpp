#pragma once

#include <string>
#include <utility>

#include "host/base/running_call.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/plugin_error.hpp"

/// Calls into a plugin's C++ interface may throw anything, also an object whose type only the plugin
/// knows. Every such call goes through guard(), which lets nothing but PluginError out.
namespace kindred::host {

/// Throws the exception in flight as PluginError; it must be called inside a catch block. A PluginError
/// passes unchanged. LibTorch's errors lose their stack trace.
[[noreturn]] void rethrow_as_plugin_error(const std::string& plugin, const std::string& component,
                                          const std::string& phase);

/// Returns fn(); should it crash the process, the crash report names plugin, component and phase. `fn` should
/// hold the plugin call and nothing else, since whatever it throws is blamed on the plugin.
template <class Fn>
decltype(auto) guard(const std::string& plugin, const std::string& component, const std::string& phase,
                     Fn&& fn) {
  const RunningCall running(plugin.c_str(), component.c_str(), phase.c_str());
  try {
    return std::forward<Fn>(fn)();
  } catch (...) {
    rethrow_as_plugin_error(plugin, component, phase);
  }
}

template <class Fn>
decltype(auto) guard(const ComponentInfo& component, const std::string& phase, Fn&& fn) {
  return guard(component.plugin_id, component.id, phase, std::forward<Fn>(fn));
}

}  // namespace kindred::host
