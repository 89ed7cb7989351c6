#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "host/data/batch_loader.hpp"

namespace kindred::host {

/// Skipped samples as the files of the cache keep them, see is_skipped_list().
nlohmann::json to_json(const std::vector<SkippedSample>& skipped);

/// `list` is one that is_skipped_list() accepts.
std::vector<SkippedSample> skipped_from(const nlohmann::json& list);

}  // namespace kindred::host
