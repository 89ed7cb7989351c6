#pragma once

#include <string>
#include <vector>

#include "host/index/manifest.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// Has a component save itself; its files are synced before the folder gets its name. Returns them, sorted;
/// where there are none there is no folder either. Throws Error.
std::vector<ComponentFile> save_component_files(const Index& index, const std::string& folder);

/// A sentence for each file of a component that is missing or not as it was saved. `folder` is that of the
/// index.
std::vector<std::string> damage_of_component(const std::string& folder, const IndexComponent& component);

}  // namespace kindred::host
