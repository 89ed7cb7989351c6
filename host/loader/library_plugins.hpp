#pragma once

#include <string>
#include <vector>

#include "host/loader/catalog.hpp"

namespace kindred::host {

/// The plugins that a library which other programs link finds: in `folders`, which must exist, in those of
/// KINDRED_PLUGIN_PATH, and in `beside`, which starts at the folder of the library that this is linked into.
/// Throws PluginError. [one thread at a time, of all that are linked into one library]
Catalog load_library_plugins(const std::vector<std::string>& folders, const std::string& beside);

/// "; refused were ...": what a component that is missing may owe to plugins that were found and refused; ""
/// where none was.
std::string refused_plugins(const Catalog& catalog);

}  // namespace kindred::host
