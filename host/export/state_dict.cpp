#include "host/export/state_dict.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <filesystem>

#include "host/loader/path_parameters.hpp"
#include "host/model/model_builder.hpp"
#include "host/model/resources.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/published_tensors.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

const json& encoder_entry(const Servable& servable) { return servable.manifest.at("encoders").at(0); }

const ComponentInfo& encoder_info(const Servable& servable, const Catalog& catalog) {
  return *catalog.find("encoder", encoder_entry(servable).at("type").get<std::string>());
}

/// The parameter for weights, and the one for a folder that holds them and says what they are of; one of the
/// two is there.
struct WeightParameters {
  std::string weights, folder;
};

WeightParameters weight_parameters(const std::string& model_folder, const Servable& servable,
                                   const Catalog& catalog) {
  WeightParameters found;
  const auto& info = encoder_info(servable, catalog);
  const auto& params = encoder_entry(servable).at("params");
  for (const auto& [name, field] : info.schema["properties"].items()) {
    const auto use = path_use(field);
    if (use == PathUse::initial_weights) found.weights = name;
    if (use == PathUse::resource && params.contains(name) && params[name].is_string() && params[name] != "" &&
        fs::is_directory(fs::path(model_folder) / params[name].get<std::string>()))
      found.folder = name;
  }
  if (found.weights.empty() && found.folder.empty()) {
    throw Error("the encoder " + info.id +
                " takes no weights of another library: it has none, or its file holds the network itself. "
                "state_dict is for networks that another library builds, so take that file, or export to "
                "torchscript or onnx");
  }
  return found;
}

const PublishedTensors* published(const Encoder& encoder) {
  return dynamic_cast<const PublishedTensors*>(&encoder);
}

std::vector<NamedTensor> published_tensors(Encoder& encoder) {
  const auto* own = published(encoder);
  return own == nullptr ? module_tensors(encoder) : own->published_tensors();
}

/// Where the encoder's weights are put; a file by itself where there is no folder that they belong to.
std::string backbone_file(const WeightParameters& parameters, const Encoder& encoder) {
  const auto* own = published(encoder);
  return parameters.folder.empty() || own == nullptr ? StateDict::kBackbone : own->weights_file();
}

/// Heads are not computed from their file, so it must hold what they hold, bit by bit.
void check_heads(const std::string& folder, const Servable& servable) {
  const auto expected = head_tensors(servable.model);
  if (expected.empty()) return;
  const auto path = (fs::path(folder) / StateDict::kHead).string();
  const auto written = read_checkpoint(path);
  for (const auto& [name, values] : expected) {
    const auto found = std::find_if(written.begin(), written.end(),
                                    [&name = name](const auto& one) { return one.name == name; });
    const auto bytes = [](const at::Tensor& all) { return all.contiguous().view(-1).view(at::kByte); };
    const bool same = found != written.end() && found->tensor.scalar_type() == values.scalar_type() &&
                      found->tensor.sizes() == values.sizes() &&
                      at::equal(bytes(found->tensor), bytes(values.to(at::kCPU)));
    if (!same) {
      throw Error("the exported file " + std::string(StateDict::kHead) +
                  " does not hold the head's tensor \"" + name +
                  "\" as the model has it; nothing was written");
    }
  }
}

}  // namespace

std::vector<std::string> write_state_dict(const std::string& folder, const std::string& model_folder,
                                          const Servable& servable, const Catalog& catalog) {
  const auto parameters = weight_parameters(model_folder, servable, catalog);
  auto& encoder = *servable.model.encoders.front().encoder;
  std::vector<std::string> files = {backbone_file(parameters, encoder)};
  if (!parameters.folder.empty()) {
    const auto path = encoder_entry(servable).at("params").at(parameters.folder).get<std::string>();
    for (const auto& file : resource_files(fs::path(model_folder) / path)) {
      auto name = file.lexically_relative(fs::path(model_folder) / path);
      if (name == "README.md") name = StateDict::kBaseCard;
      if (name == "manifest.json") continue;  // the export's own has this name
      fs::create_directories((fs::path(folder) / name).parent_path());
      fs::copy_file(file, fs::path(folder) / name);
      files.push_back(name.string());
    }
  }
  // transformers reads no file without it.
  const std::vector<std::pair<std::string, std::string>> metadata = {{"format", "pt"}};
  const auto write = [&](const std::string& name, const std::vector<NamedTensor>& tensors) {
    const auto path = fs::path(folder) / name;
    fs::create_directories(path.parent_path());
    write_safetensors(path.string(), tensors, metadata);
  };
  write(files.front(), published_tensors(encoder));
  const auto head = head_tensors(servable.model);
  if (!head.empty()) {
    write(StateDict::kHead, head);
    files.emplace_back(StateDict::kHead);
  }
  return files;
}

json check_state_dict(const std::string& folder, const std::string& model_folder, const Servable& servable,
                      const Catalog& catalog, const ExportSamples& samples) {
  check_heads(folder, servable);
  const auto parameters = weight_parameters(model_folder, servable, catalog);
  auto params = encoder_entry(servable).at("params");
  if (parameters.folder.empty())
    params[parameters.weights] = (fs::path(folder) / StateDict::kBackbone).string();
  else
    params[parameters.folder] = folder;
  ModelBuilder builder(catalog, 0);
  const auto& original = servable.model.encoders.front();
  builder.add_encoder(original, encoder_info(servable, catalog), params, original.dimension);
  const auto again = builder.take();
  const Network written = [&](const at::Tensor& rows) {
    at::NoGradGuard no_grad;
    return again.encoders.front().encode(samples.chosen(rows));
  };
  return checked_network(written, "the encoder " + original.id + ", made from the written files", samples,
                         at::arange(samples.size(), at::kLong), original.infer(samples.raw));
}

}  // namespace kindred::host
