#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

/// Puts the variants of a series one below the other, for people to read: each metric with its mean and
/// standard deviation of base and tuned, what failed, and what was warned of with the number of runs that
/// said it. `results` is results.json of the series; warnings that are `known` to the reader are left out.
std::string series_table(const nlohmann::json& results, const std::vector<std::string>& known = {});

}  // namespace kindred::host
