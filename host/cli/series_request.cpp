#include "host/cli/series_request.hpp"

#include <algorithm>

#include "host/pipeline/document.hpp"
#include "host/pipeline/validator.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

SeriesRequest series_request(const CommandLine& command) {
  SeriesRequest request;
  request.pipeline = command.list("PIPELINE").front();
  request.settings = command.list("set");
  if (command.has("seeds")) request.seeds = command.get<int64_t>("seeds");
  if (request.seeds < 1 || request.seeds > 1000) {
    throw UsageError("--seeds " + std::to_string(request.seeds) +
                     ": expected how many runs are made, from 1 to 1000, such as --seeds 3");
  }
  try {
    for (const auto& text : command.list("grid")) request.grid.push_back(grid_axis(text));
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  for (auto it = request.grid.begin(); it != request.grid.end(); ++it) {
    const auto same = [&](const GridAxis& other) { return other.key == it->key; };
    if (std::any_of(request.grid.begin(), it, same)) {
      throw UsageError("--grid " + it->key + " is given twice; give all its values at once");
    }
    if (it->key == "seed" && command.has("seeds")) {
      throw UsageError("give --seeds, or the seeds themselves with --grid seed=..., not both");
    }
  }
  return request;
}

std::vector<std::string> series_plugins(const SeriesRequest& request) {
  return plugin_folders(read_document(request.pipeline, request.settings));
}

}  // namespace kindred::host
