#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/evaluation/measure.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Gives {"base": {metric: {class: mean}}, "tuned": ...}. A class goes by its name where the dataset knows
/// one, else by its label.
nlohmann::json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset);

/// Puts base and tuned side by side with their ratio, for people to read. `metrics` is
/// {"base": {name: mean}, "tuned": {name: mean}}.
std::string metrics_table(const nlohmann::json& metrics);

}  // namespace kindred::host
