#pragma once

#include <string>

namespace kindred::host {

/// The folder that an argument of `host cache` means: "" the default of cache.directory, a folder itself, a
/// pipeline file its cache.directory, resolved as a run resolves it but without looking for plugins. The
/// folder need not exist. Throws Error and PipelineError.
std::string cache_directory(const std::string& argument);

}  // namespace kindred::host
