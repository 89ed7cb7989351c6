#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kindred::host {

/// Puts the variants of a series one below the other, for people to read: each metric with its mean and
/// standard deviation of base and tuned, and what failed. `results` is results.json of the series.
std::string series_table(const nlohmann::json& results);

}  // namespace kindred::host
