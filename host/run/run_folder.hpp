#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/pipeline/document.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

/// Creates the folder of a run ("" makes <output.directory>/<name>/<UTC time>, with a number behind it
/// when it is taken) and returns its absolute path. A folder that holds a run is refused: throws Error.
std::string create_run_folder(const Pipeline& pipeline, const std::string& folder);

/// The pipeline as it is executed: defaults, absolute paths, versions of host, LibTorch and plugins.
nlohmann::json resolved_pipeline(const Pipeline& pipeline, const Catalog& catalog);

/// A run is continued by the pipeline that began it: throws Error that names the first difference in data,
/// model, cache, training or seed. How long to train, and where the cache lies, may differ.
void check_same_pipeline(const std::string& folder, const Pipeline& pipeline);

/// The pipeline that the run of this folder was begun with, as `host run --resume` reads it without a file.
/// Throws Error when the folder holds no run, PipelineError for `overrides`.
Document document_of_run(const std::string& folder, const std::vector<std::string>& overrides);

/// result.json of a run that is completed, and that `pipeline`, which check_same_pipeline() accepts, would
/// not train further; else nothing. Throws Error when it would, and the checkpoints for that are gone.
std::optional<nlohmann::json> completed_result(const std::string& folder, const Pipeline& pipeline);

/// Says where a run of this folder leaves its servable.
std::string model_of_run(const std::string& folder);

/// The servable of a run is written before it is measured: puts into its manifest what was seen then, the
/// `metrics` and whether its embeddings have length 1.
void set_model_measures(const std::string& folder, const nlohmann::json& metrics, bool unit_length);

}  // namespace kindred::host
