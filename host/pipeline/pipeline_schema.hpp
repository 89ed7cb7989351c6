#pragma once

#include <nlohmann/json.hpp>

namespace kindred::host {

class Catalog;

/// The JSON Schema (draft 2020-12) of pipeline files with every component of the catalogue, for editors.
nlohmann::json pipeline_schema(const Catalog& catalog);

}  // namespace kindred::host
