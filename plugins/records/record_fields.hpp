#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred {

/// The parameter "fields" of the dataset `dataset`: {"title": "text", "photo": "image"}, in the order of the
/// names. Throws Error.
std::vector<Field> fields_of(const nlohmann::json& value, const std::string& dataset);

/// Lists the names of fields: "photo, title".
std::string names_of(const std::vector<Field>& fields);

}  // namespace kindred
