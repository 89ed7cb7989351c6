#pragma once

#include <string>

namespace kindred::host {

/// A library of this program that needs what is heavy to load, such as libpq: lib/kindred/libkindred_NAME.so,
/// which is there where the build found what it needs.
std::string own_library_file(const std::string& name);
bool has_own_library(const std::string& name);

/// The address of what it exports as `symbol`. It is loaded when this is called first, and stays mapped until
/// the process ends, as the engine does. Throws Error that ends in `advice`. [thread-safe]
void* own_library_symbol(const std::string& name, const char* symbol, const std::string& advice);

}  // namespace kindred::host
