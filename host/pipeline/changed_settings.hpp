#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace kindred::host {

class Catalog;

/// The settings of a resolved pipeline that are not what a pipeline has that does not name them: by JSON
/// pointer, each with its default, which is null for what has none, such as the component that was chosen.
/// Components that `catalog` does not have are left out but for their names.
std::map<std::string, nlohmann::json> changed_settings(const nlohmann::json& resolved,
                                                       const Catalog& catalog);

}  // namespace kindred::host
