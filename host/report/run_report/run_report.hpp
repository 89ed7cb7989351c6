#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "host/report/finished_run.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// What a report is made of.
struct ReportSource {
  FinishedRun run;
  /// Settings of the pipeline that are not the default, by JSON pointer, with their defaults.
  std::map<std::string, nlohmann::json> changed;
  const Dataset* dataset = nullptr;  ///< of the run, whose pictures and texts are shown; null: none are
  std::string without_dataset;       ///< the sentence that says why there is none
};

struct RunReport {
  std::string html;
  int64_t pictures = 0;  ///< that it shows
  int64_t left_out = 0;  ///< that could not be read, or not in the time that a report may take for them
};

/// A page about a run, in one file: what was asked, what the data are, how it learned, what was measured and
/// found, what it cost. Of a run that did not end it says what there is. Throws Error when a file of the run
/// is not as a run writes it.
RunReport run_report(const ReportSource& source);

}  // namespace kindred::host
