#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/index/manifest.hpp"

namespace kindred::host {

/// Has `save` write files into a folder that it gets; they are synced before the folder gets its name.
/// Returns them, sorted; where there are none there is no folder either. Throws Error.
std::vector<ComponentFile> save_files(const std::function<void(const std::string& folder)>& save,
                                      const std::string& folder);

/// A sentence for each file that is missing or not as it was saved; `advice` says what to do then.
std::vector<std::string> damage_of_files(const std::string& folder, const std::vector<ComponentFile>& files,
                                         const std::string& advice);

}  // namespace kindred::host
