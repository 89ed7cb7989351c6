#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/export/export_model.hpp"

namespace kindred::host {

/// A model card in Markdown, with what Hugging Face reads at its head: how the files are used, what was
/// measured on which data, and the recipe. `manifest`: of the export; `model`: of the servable. What the run
/// of the model left beside it (pipeline.json, result.json) is told where it is there.
std::string export_card(const nlohmann::json& manifest, const ExportRequest& request,
                        const nlohmann::json& model);

}  // namespace kindred::host
