#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/evaluation/measure.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// {"base": {metric: {class: mean}}, "tuned": ...}; classes by name where the dataset knows it, else by
/// label.
nlohmann::json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset);

/// Base and tuned side by side with their ratio, for people. `metrics`: {"base": {...}, "tuned": {...}}.
std::string metrics_table(const nlohmann::json& metrics);

}  // namespace kindred::host
