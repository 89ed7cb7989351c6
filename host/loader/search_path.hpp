#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// Folders that are searched for *.kindred.so, absolute, in order: an earlier one wins.
struct SearchPath {
  std::vector<std::string> folders;
};

/// --plugins folders, the pipeline's "plugins", KINDRED_PLUGIN_PATH (colon list) and
/// <folder of the executable>/../lib/kindred/plugins. Relative folders are taken from the working
/// directory; repeated ones are dropped. The first two must exist, otherwise PluginError; the others are
/// skipped when they do not.
SearchPath plugin_search_path(const std::vector<std::string>& cli_folders,
                              const std::vector<std::string>& pipeline_folders);

/// The same for a library that another program links: `folders`, which must exist, KINDRED_PLUGIN_PATH, and
/// `own`, where the library's own plugins are.
SearchPath plugin_search_path_of_library(const std::vector<std::string>& folders, const std::string& own);

}  // namespace kindred::host
