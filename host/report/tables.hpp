#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/evaluation/measure.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Gives {"base": {metric: {class: mean}}, "tuned": ...}. A class goes by its name where the dataset knows
/// one, else by its label.
nlohmann::json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset);

/// Puts base and tuned side by side with their ratio, for people to read; below, whether they can be told
/// apart, and what was warned of, other than samples that were skipped and what stands in `known`. `result`
/// is a body of result.json: "metrics", and where they are known "comparison" and "warnings".
std::string metrics_table(const nlohmann::json& result, const std::vector<std::string>& known = {});

/// Puts tuned and refined side by side with what both cost; "" where `result` has no "refinement".
std::string refinement_table(const nlohmann::json& result);

}  // namespace kindred::host
