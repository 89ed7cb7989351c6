#pragma once

#include <nlohmann/json.hpp>

#include "kindred/inference.hpp"

namespace kindred::host {

/// What a servable's manifest says of the model. Throws nlohmann::json::exception when it is not complete.
ModelCard model_card(const nlohmann::json& manifest);

}  // namespace kindred::host
