#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/engine/model.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

class Catalog;

/// A servable is a folder with what inference needs and nothing else:
///   model.json            components with their parameters, plugin ids and versions, dimensions, metrics
///   encoder.safetensors   every tensor of the encoder
///   head.safetensors      every tensor of the heads, "<place>.<name>"
///   resources/            files that a component needs to be constructed
/// Nothing in it is a pickle. (A TorchScript encoder's module is a resource and is what LibTorch reads.)
struct Servable {
  Model model;
  std::vector<std::shared_ptr<Transform>> transforms;
  nlohmann::json manifest;
};

/// Writes the folder beside `folder`, then renames: an old servable is replaced as a whole. Throws Error.
void save_servable(const std::string& folder, const Pipeline& pipeline, const Model& model,
                   const nlohmann::json& metrics);

/// Opens a servable in evaluation mode on `device`. Throws Error or PluginError.
Servable load_servable(const std::string& folder, const Catalog& catalog, at::Device device);

/// Makes the model of a pipeline, in evaluation mode on the CPU: parts with random initial values are
/// drawn from the pipeline's seed. Encoders of vectors learn their dimension from `input_dimension`.
/// `with_heads`: false leaves the encoder alone. Throws PluginError.
Model make_model(const Catalog& catalog, const Pipeline& pipeline, int64_t input_dimension, bool with_heads);

}  // namespace kindred::host
