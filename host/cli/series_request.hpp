#pragma once

#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/run/series_plan.hpp"

namespace kindred::host {

/// What PIPELINE, --set, --seeds and --grid ask for. Throws UsageError.
SeriesRequest series_request(const CommandLine& command);

/// The folders of plugins that its pipelines name. Throws PipelineError.
std::vector<std::string> series_plugins(const SeriesRequest& request);

}  // namespace kindred::host
