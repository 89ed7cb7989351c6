#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/data/transform_list.hpp"
#include "host/model/model.hpp"
#include "host/options/model_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// A servable is a folder with what inference needs and nothing else:
///   model.json            components with their parameters, plugin ids and versions, dimensions, metrics
///   encoder.safetensors   every tensor of the encoders; of several, "<encoder>.<name>"
///   head.safetensors      every tensor of the heads, "<place>.<name>"
///   resources/            files that a component needs to be constructed
/// Nothing in it is a pickle. (A TorchScript encoder's module is a resource and is what LibTorch reads.)
struct Servable {
  Model model;
  TransformList transforms;
  nlohmann::json manifest;
};

/// What a model was made from, as its manifest says it.
struct ModelSource {
  std::string name;
  const std::vector<EncoderSpec>& encoders;
  const std::vector<ComponentSpec>& transforms;
  const std::vector<HeadSpec>& heads;
};

/// Writes the folder beside `folder`, then renames: an old servable is replaced as a whole. Throws Error.
void save_servable(const std::string& folder, const ModelSource& source, const Model& model,
                   const nlohmann::json& metrics);

/// Opens a servable in evaluation mode on `device`. Throws Error or PluginError.
Servable load_servable(const std::string& folder, const Catalog& catalog, at::Device device);

/// Makes the encoders of a model that was loaded read their fields of `dataset`. Throws Error when it lacks
/// one or has another kind of object there.
void choose_fields(Model& model, const Dataset& dataset);

}  // namespace kindred::host
