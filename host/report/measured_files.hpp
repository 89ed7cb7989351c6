#pragma once

#include <string>

#include "host/evaluation/measure.hpp"
#include "host/report/retrieval_shown.hpp"

namespace kindred::host {

/// The file of a run with the places of its test samples in the plane.
inline constexpr const char* kMapFile = "map.json";

/// Leaves in the folder what a report shows of the test samples: queries.csv (test_queries.hpp) and map.json
/// (test_map.hpp). Throws Error.
void write_measured_files(const std::string& folder, const RetrievalShown& shown, const Measured& base,
                          const Measured& tuned);

}  // namespace kindred::host
