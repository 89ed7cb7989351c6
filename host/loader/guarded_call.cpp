#include "host/loader/guarded_call.hpp"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

namespace kindred::host {

void rethrow_as_plugin_error(const std::string& plugin, const std::string& component,
                             const std::string& phase) {
  // Only text is kept: an exception object may be of a type that only the plugin knows.
  try {
    throw;
  } catch (const PluginError&) {
    throw;
  } catch (const c10::Error& e) {
    throw PluginError(plugin, component, phase, e.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    throw PluginError(plugin, component, phase, "memory ran out");
  } catch (const std::exception& e) {
    throw PluginError(plugin, component, phase, e.what());
  } catch (...) {
    throw PluginError(plugin, component, phase, "an exception that is not a std::exception");
  }
}

}  // namespace kindred::host
