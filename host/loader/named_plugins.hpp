#pragma once

#include <string>
#include <vector>

#include "host/loader/catalog.hpp"

namespace kindred::host {

/// A refused plugin is an error where somebody asked for it, and where which of two components a name means
/// would depend on the order of folders: throws PluginError for the first one that lies in a folder of
/// `named`, or that offers what another plugin offers. Refused ones elsewhere are passed over.
void require_named_plugins(const Catalog& catalog, const std::vector<std::string>& named);

}  // namespace kindred::host
