#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "host/index/item.hpp"

namespace kindred::host {

/// What the server says of an item: {"id", "label", "class", columns..., "picture"}. Its path stays with the
/// server.
nlohmann::json item_text(const Item& item);

/// A parameter of the query, as an operation of an OpenAPI document has it among its "parameters".
nlohmann::json query_parameter(const char* name, const char* type, const char* description);

/// A whole number from `low` to `high` of a JSON body, or of a query or form, where all values are texts.
/// Throws RequestError that names `place`.
int64_t whole_number(const nlohmann::json& value, const std::string& place, int64_t low, int64_t high);

}  // namespace kindred::host
