#pragma once

#include <cstdint>
#include <string>

#include "host/report/finished_run.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// The report of a run, in the run's folder.
inline constexpr const char* kReportFile = "report.html";

/// What became of a report.
struct WrittenReport {
  std::string path;
  int64_t bytes = 0, pictures = 0;
  int64_t left_out = 0;  ///< pictures that it should show and does not
  std::string without;   ///< why it shows nothing of the data; "" where it does
};

/// Writes the report of the run in `folder`, whose dataset is open already, or null where the run did not
/// come so far. Throws Error.
WrittenReport write_report(const std::string& folder, const Catalog& catalog, const Dataset* dataset);

/// Writes the report of a run to `output` and opens the run's dataset for it. Where that is not there any
/// more the report is without pictures and texts, and says why. Throws Error.
WrittenReport write_report_again(const FinishedRun& run, const std::string& output, const Catalog& catalog);

}  // namespace kindred::host
