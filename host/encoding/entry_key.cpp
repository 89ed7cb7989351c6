#include "host/encoding/entry_key.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#include <filesystem>

#include "host/base/content_hash.hpp"
#include "host/encoding/fingerprint.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/model/resources.hpp"
#include "host/options/views.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// What of an encoder's entry decides what its stages compute, besides their tensors. Where the tensors
/// came from does not matter.
json encoder_description(const EncoderSpec& encoder) {
  json params = encoder.params;
  for (const auto& [name, field] : encoder.info->schema["properties"].items()) {
    if (path_use(field) == PathUse::initial_weights) params.erase(name);
  }
  return {{"id", encoder.info->id}, {"version", encoder.info->version}, {"params", params}};
}

}  // namespace

EntryKeys::EntryKeys(const EncodingOptions& options, const EncoderSpec& spec, const Dataset& dataset,
                     const EncoderPart& part, at::Device device)
    : options_(options), spec_(spec), dataset_(dataset), part_(part), device_(device) {}

json EntryKeys::description(const FeatureRequest& request) const {
  json view = view_name(request.view);
  const bool random = request.view >= kFirstRandomView;
  if (random) view = {{"random", request.view - kFirstRandomView + 1}, {"seed", options_.seed}};
  json transforms = json::array(), versions = json::array();
  for (const auto& spec : transform_specs(request.view)) {
    auto one = spec.params;
    one["type"] = spec.info->id;
    transforms.push_back(one);
    versions.push_back(spec.info->version);
  }
  return {{"kindred", KINDRED_SDK_VERSION},
          {"libtorch", TORCH_VERSION},
          {"dataset", {options_.dataset.info->id, options_.dataset.info->version}},
          {"field", part_.field_name},
          {"samples", request.samples.size()},
          {"view", view},
          {"transforms", transforms},
          {"transform_versions", versions},
          {"encoder", encoder_description(spec_)},
          {"stage", part_.encoder->stages()[static_cast<size_t>(part_.first_trained) - 1]},
          {"computed", at::toString(request.compute)},
          {"stored", at::toString(request.stored)},
          {"device", device_.is_cpu() ? "cpu" : "accelerator"}};
}

json EntryKeys::data() const {
  json out = {{"samples", dataset_.size()}};
  const auto& spec = options_.dataset;
  for (const auto& [name, field] : spec.info->schema["properties"].items()) {
    if (path_use(field) == PathUse::none || !spec.params.contains(name)) continue;
    const bool first = !out.contains("files");
    if (spec.params[name].is_string() && spec.params[name] != "" &&
        (first || field.value("x-required", false)))
      out["files"] = spec.params[name];
  }
  return out;
}

/// Only pictures are transformed.
std::vector<ComponentSpec> EntryKeys::transform_specs(int64_t view) const {
  if (dataset_.object_kind() != ObjectKind::image) return {};
  return view >= kFirstRandomView ? options_.train_transforms : options_.transforms;
}

/// The fingerprint of the dataset's files and the frozen tensors, which are the same for every entry and take
/// long to read.
const std::string& EntryKeys::inputs_fingerprint() {
  if (!inputs_fingerprint_.empty()) return inputs_fingerprint_;
  Fingerprint fingerprint;
  fingerprint.add(dataset_.fingerprint());
  std::vector<NamedTensor> frozen;
  for (auto& one : module_tensors(*part_.encoder)) {
    if (part_.encoder->stage_of(one.name) < part_.first_trained) frozen.push_back(one);
  }
  fingerprint.add(frozen);
  return inputs_fingerprint_ = fingerprint.hex();
}

const std::string& EntryKeys::resource_hash(const std::string& file) {
  auto& hash = resource_hashes_[file];
  if (hash.empty()) hash = hash_of_file(file);
  return hash;
}

std::string EntryKeys::key(const FeatureRequest& request) {
  Fingerprint fingerprint;
  fingerprint.add(json_text(description(request)));
  fingerprint.add(inputs_fingerprint());
  // A file that a component is made from, such as a TorchScript module, holds more than its tensors.
  std::vector<ComponentSpec> made = transform_specs(request.view);
  made.push_back(spec_);
  for (const auto& spec : made) {
    for (const auto& path : resources_of(*spec.info, spec.params)) {
      for (const auto& file : resource_files(path)) {
        fingerprint.add(file.lexically_relative(path).string());
        fingerprint.add(resource_hash(file.string()));
      }
    }
  }
  fingerprint.add(std::string_view(reinterpret_cast<const char*>(request.samples.data()),
                                   request.samples.size() * sizeof(SampleIndex)));
  return fingerprint.hex();
}

}  // namespace kindred::host
