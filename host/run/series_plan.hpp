#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/pipeline/pipeline.hpp"
#include "host/run/checked_pipeline.hpp"

namespace kindred::host {

class Catalog;

/// What says which fold a run tests.
inline constexpr const char* kFoldKey = "data.split.fold";

/// One key of the pipeline with the values that it takes in turn.
struct GridAxis {
  std::string key;                  ///< "train.optimizer.lr"
  std::vector<std::string> values;  ///< as --set takes them: JSON, or else texts
};

/// Reads "train.optimizer.lr=0.0003,0.001". Commas within brackets or quotation marks are part of a value.
/// Throws Error.
GridAxis grid_axis(const std::string& text);

/// What makes several runs of one pipeline.
struct SeriesRequest {
  std::string pipeline;               ///< the file
  std::vector<std::string> settings;  ///< of --set, for all runs
  std::vector<GridAxis> grid;         ///< every combination is a variant
  int64_t seeds = 1;                  ///< runs of each, with the pipeline's seed and those behind it
};

/// One run of a series.
struct SeriesRun {
  std::string folder;       ///< below that of the series
  nlohmann::json variant;   ///< object: the keys of the grid and their values
  nlohmann::json settings;  ///< object: these, and the run's seed and fold where the series has several
  Pipeline pipeline;
};

/// The runs of a series in the order in which they are made: by variant, then by seed, then by fold; one
/// where nothing is asked for. The pipelines point into `catalog`. `look` says when the data is looked at,
/// and `found` gets what became known of that of the first run. Throws PipelineError with the problems of all
/// variants at once.
std::vector<SeriesRun> series_runs(const SeriesRequest& request, const Catalog& catalog,
                                   DataLook look = DataLook::never, DataCheck* found = nullptr);

}  // namespace kindred::host
