#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/base/context.hpp"
#include "host/pipeline/pipeline.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

class Catalog;

/// Measures a servable model on the test classes of a pipeline's dataset, and beside it the pipeline's
/// encoders before any training: {"metrics": {"base", "tuned"}, "metric_details": ...}, and "per_class" where
/// the pipeline asks for it. Where refinements are asked for, "refined" stands beside "tuned", and
/// "refinement" says what they cost (refined_measure.hpp). Throws Error, PluginError, PipelineError,
/// Interrupted.
nlohmann::json evaluate_model(const Pipeline& pipeline, const Catalog& catalog,
                              const std::string& model_folder, const Refinements& refinements,
                              Context& context);

}  // namespace kindred::host
