#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/data/transform_list.hpp"
#include "host/model/model.hpp"
#include "host/model/search_traits.hpp"
#include "host/options/model_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// A servable is a folder with what inference needs and nothing else:
///   model.json            components with their parameters, plugin ids and versions, dimensions, metrics,
///                         and how embeddings are compared (search_traits.hpp)
///   encoder.safetensors   every tensor of the encoders; of several, "<encoder>.<name>"
///   head.safetensors      every tensor of the heads, "<place>.<name>"
///   resources/            files that a component needs to be constructed
/// Nothing in it is a pickle. (A TorchScript encoder's module is a resource and is what LibTorch reads.)
struct Servable {
  Model model;
  TransformList transforms;
  nlohmann::json manifest;
  SearchTraits search;
};

/// What a model was made from, as its manifest says it.
struct ModelSource {
  std::string name;
  const std::vector<EncoderSpec>& encoders;
  const std::vector<ComponentSpec>& transforms;
  const std::vector<HeadSpec>& heads;
  SearchTraits search;
};

/// Writes the folder beside `folder`, then renames: an old servable is replaced as a whole. Throws Error.
void save_servable(const std::string& folder, const ModelSource& source, const Model& model,
                   const nlohmann::json& metrics);

/// Opens the servable in `folder`, which model_folder() gave, in evaluation mode on `device`. Throws Error or
/// PluginError.
Servable load_servable(const std::string& folder, const Catalog& catalog, at::Device device);

/// The folder with model.json: `folder` itself, or `folder`/model where `folder` is that of a run. Throws
/// Error, which says of a run without a model why it has none.
std::string model_folder(const std::string& folder);

/// Which field of `dataset` each encoder of a model reads, by the name that the model has of it; a field
/// without a name is the first. Throws Error when the dataset lacks one or has another kind of object there.
std::vector<size_t> fields_read(const Model& model, const Dataset& dataset);

}  // namespace kindred::host
