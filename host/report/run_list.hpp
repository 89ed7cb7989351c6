#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/report/finished_run.hpp"

namespace kindred::host {

/// A run that was found in a folder.
struct ListedRun {
  /// As read_run() gives it. Its status may also be "waiting", where its series has not come to it yet, and
  /// "damaged", where `fault` says what cannot be read.
  FinishedRun run;
  std::string series;   ///< the folder of its series; "" where it is of none
  uintmax_t bytes = 0;  ///< what its folder takes on disk
  int64_t written = 0;  ///< when it was written last, in seconds since 1970
  std::string fault;
};

/// All runs in `folder` and in the folders below it, or that of the folder itself, by the time at which they
/// were written last, the newest last. Links are not followed. Throws Error where the folder cannot be read.
std::vector<ListedRun> find_runs(const std::string& folder);

/// The metric that a run is known by: the first that its pipeline names and that it was measured by. "" where
/// it was measured by none.
std::string first_metric(const FinishedRun& run);

}  // namespace kindred::host
