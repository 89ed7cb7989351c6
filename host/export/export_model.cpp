#include "host/export/export_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/api/include/torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "host/base/partial_file.hpp"
#include "host/export/export_card.hpp"
#include "host/export/onnx_export.hpp"
#include "host/export/script_file.hpp"
#include "host/export/state_dict.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// A folder beside its place, which it gets when it is complete; else it is gone with the object.
class PartialFolder {
 public:
  explicit PartialFolder(const std::string& place)
      : place_(fs::path(place).lexically_normal()), path_(unnamed(place_)) {
    if (fs::exists(place_))
      throw Error(place_.string() + " is there already; name a folder that is not, or remove it");
    fs::create_directories(path_);
  }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder() {
    std::error_code unimportant;
    fs::remove_all(path_, unimportant);
  }

  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  void finish() {
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (entry.is_regular_file()) sync_file(entry.path().string());
    }
    sync_folder(path_.string());
    fs::rename(path_, place_);
    sync_folder(place_.parent_path().string());
  }

 private:
  static fs::path unnamed(fs::path& place) {
    if (!place.has_filename()) place = place.parent_path();  // a slash stood behind it
    return place.string() + ".new-" + std::to_string(::getpid());
  }

  fs::path place_, path_;
};

/// Whether a model's rows have length 1 is known where it was measured.
json output_json(const Servable& servable) {
  json output = {{"name", "embedding"},
                 {"dtype", "float32"},
                 {"shape", {"batch", servable.model.present_dimension()}},
                 {"distance", servable.search.distance}};
  if (servable.search.unit_length) output["unit_length"] = *servable.search.unit_length;
  return output;
}

json start_of_manifest(const ExportRequest& request, const Servable& servable) {
  auto manifest = request.input.described();
  manifest["kindred"] = 1;
  manifest["name"] = servable.manifest.value("name", "");
  manifest["format"] = export_format_names()[static_cast<size_t>(request.format)];
  manifest["kindred_version"] = KINDRED_SDK_VERSION;
  manifest["libtorch"] = TORCH_VERSION;
  if (!request.encoder.empty()) manifest["encoder"] = request.encoder;
  if (request.input.is_text())
    manifest["encoder_parameters"] = servable.manifest.at("encoders").at(0).at("params");
  manifest["output"] = output_json(servable);
  if (request.input.is_picture())
    manifest["preprocessing"]["transforms"] = servable.manifest.at("transforms");
  return manifest;
}

/// Embeddings of the samples by the model as it serves them.
at::Tensor expected_embeddings(const Servable& servable, const ExportSamples& samples) {
  at::NoGradGuard no_grad;
  const auto& model = servable.model;
  return model.apply_heads(model.encoders.front().infer(samples.raw));
}

/// One of the formats that hold the whole network.
void export_network(const ExportRequest& request, Servable& servable, const Catalog& catalog,
                    const ExportSamples& samples, const PartialFolder& folder, json& manifest) {
  constexpr int64_t kFew = 2, kMore = 3;
  const auto taken = request.input.taken(samples.raw);
  const auto graph = recorded_graph(network_of(servable.model, request.input), taken.slice(0, 0, kFew),
                                    taken.slice(0, 0, kMore));
  prepare_for_inference(servable.model);
  const auto expected = expected_embeddings(servable, samples);
  if (request.format == ExportFormat::openvino) {
    export_openvino(folder.path(), *graph, request.input, catalog, samples, taken, expected, manifest);
    return;
  }
  if (request.format == ExportFormat::onnx) {
    export_onnx(folder.path(), *graph, request.input, catalog, samples, taken, expected, manifest);
    return;
  }
  manifest["files"] = {"model.pt"};
  write_script_file(folder / "model.pt", *graph, taken);
  manifest["check"] = checked_network(open_script_file(folder / "model.pt"), "LibTorch " TORCH_VERSION,
                                      samples, taken, expected);
}

}  // namespace

const std::vector<std::string>& export_format_names() {
  static const std::vector<std::string> names = {"torchscript", "onnx", "openvino", "state_dict"};
  return names;
}

ExportFormat export_format_from_name(const std::string& name) {
  const auto& names = export_format_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error("\"" + name +
                "\" is no format of a model; expected torchscript, onnx, openvino or state_dict");
  }
  return static_cast<ExportFormat>(found - names.begin());
}

json export_model(const ExportRequest& request, Servable& servable, const Catalog& catalog,
                  const ExportSamples& samples, Context& context) {
  PartialFolder folder(request.output);
  auto manifest = start_of_manifest(request, servable);
  context.info(fmt::format("exporting to {}, checked by {} samples ({})",
                           manifest["format"].get<std::string>(), samples.size(), samples.source));
  if (request.format == ExportFormat::state_dict) {
    prepare_for_inference(servable.model);
    manifest["files"] = write_state_dict(folder.path(), request.model, servable, catalog);
    manifest["check"] = check_state_dict(folder.path(), request.model, servable, catalog, samples);
  } else {
    export_network(request, servable, catalog, samples, folder, manifest);
  }
  write_file_atomically(folder / "manifest.json", json_text(manifest, 2) + "\n");
  write_file_atomically(folder / "README.md", export_card(manifest, request, servable.manifest));
  folder.finish();
  return manifest;
}

}  // namespace kindred::host
