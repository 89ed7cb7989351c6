#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/run/series_plan.hpp"

namespace kindred::host {

class Catalog;

struct SeriesOutcome {
  nlohmann::json results;  ///< results.json
  std::string table;       ///< the same for people
  bool interrupted = false;
  bool failed = false;  ///< whether a run of the series failed; the others were made all the same
};

/// What surrounds each run of a series.
struct SeriesSurroundings {
  std::vector<std::string> warnings;  ///< said before the series began; they stand in each result, too
  std::function<std::unique_ptr<Context>()> context_of_run;  ///< a new one, since each run writes its own log
};

/// Creates the folder of a series ("" makes one as create_run_folder() does) with a folder for each of its
/// runs, which holds the run's pipeline.json, and results.json, which says that none was made yet. Returns
/// its absolute path. Throws Error when the folder holds a run or a series.
std::string create_series(const std::vector<SeriesRun>& runs, const std::string& folder,
                          const Catalog& catalog);

/// Says whether create_series() made this folder.
bool holds_series(const std::string& folder);

/// The pipeline files of the runs of a series. Throws Error when results.json cannot be understood.
std::vector<std::string> pipelines_of_series(const std::string& folder);

/// Makes the runs of a series that are not completed, one after the other; those that were begun go on. A run
/// that fails does not keep the others from being made. After each run results.json and table.txt are
/// written. Throws Error.
SeriesOutcome run_series(const std::string& folder, const Catalog& catalog, Context& context,
                         const SeriesSurroundings& surroundings);

}  // namespace kindred::host
