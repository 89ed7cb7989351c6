#pragma once

#include <nlohmann/json.hpp>

namespace kindred::host {

/// Notes in `run`, one of a series, what result.json of it says: its status, warnings, metrics, and of how
/// many queries each is the mean.
void note_result(nlohmann::json& run, const nlohmann::json& result);

/// Notes the warnings alone: those of a run that failed stand in the result.json that it left.
void note_warnings(nlohmann::json& run, const nlohmann::json& result);

/// Puts into the results of a series what its completed runs say together: "variants", and "spread_over",
/// which is "seeds", "folds" or null. A variant's value of a metric is the mean over its seeds. Of folds it
/// is the mean over the queries of all of them, in which every class counts once. Its standard deviation is
/// that of a sample (divided by n - 1), over the seeds where there are several, else over the folds; null
/// below two values.
void summarize_series(nlohmann::json& results);

}  // namespace kindred::host
