#include "host/model/servable.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/model/model_builder.hpp"
#include "host/model/resources.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

bool never(const std::string&) { return false; }

/// Parameters as they stand in the servable: initial weights dropped, resources copied beside the manifest.
json portable_params(const ComponentInfo& info, json params, const fs::path& folder,
                     const std::string& owner) {
  for (const auto& [name, field] : info.schema["properties"].items()) {
    const auto use = path_use(field);
    if (use == PathUse::none || !params.contains(name) || !params[name].is_string()) continue;
    const auto path = params[name].get<std::string>();
    if (use == PathUse::initial_weights) {
      params[name] = "";
    } else if (use == PathUse::resource && !path.empty()) {
      auto source = fs::path(path).lexically_normal();
      if (!source.has_filename()) source = source.parent_path();  // a folder with a slash behind it
      const auto relative = fs::path("resources") / (owner + "_" + name + "_" + source.filename().string());
      copy_resource(source, folder / relative);
      params[name] = relative.string();
    }
  }
  return params;
}

json described(const ComponentInfo& info, const json& params) {
  return {{"type", info.id},
          {"version", info.version},
          {"plugin", info.plugin_id},
          {"plugin_version", info.plugin_version},
          {"params", params}};
}

const ComponentInfo& find_described(const Catalog& catalog, const std::string& kind, const json& entry) {
  const auto id = entry.at("type").get<std::string>();
  const auto* info = catalog.find(kind, id);
  if (info == nullptr) {
    throw PluginError(entry.value("plugin", ""), id, "find",
                      "the model needs this " + kind + " of plugin " + entry.value("plugin", "?") + " " +
                          entry.value("plugin_version", "") +
                          ", which was not found; name its folder with --plugins");
  }
  return *info;
}

json absolute_params(const ComponentInfo& info, json params, const fs::path& folder) {
  for (const auto& [name, field] : info.schema["properties"].items()) {
    const bool resource = path_use(field) == PathUse::resource;
    if (!resource || !params.contains(name) || !params[name].is_string()) continue;
    const auto path = params[name].get<std::string>();
    // A manifest must not reach outside its folder, not by a link either.
    const auto home = fs::weakly_canonical(folder / "x").parent_path().string() + "/";
    const auto there = fs::weakly_canonical(folder / path).string();
    const bool inside = !path.empty() && fs::path(path).is_relative() && there.rfind(home, 0) == 0;
    if (!path.empty() && !inside)
      throw Error("the model's resource path \"" + path + "\" leaves its folder; refused");
    if (inside) params[name] = (folder / path).string();
  }
  return params;
}

ComponentSpec described_spec(const Catalog& catalog, const std::string& kind, const json& entry,
                             const fs::path& folder) {
  ComponentSpec spec;
  spec.info = &find_described(catalog, kind, entry);
  spec.params = absolute_params(*spec.info, entry.at("params"), folder);
  return spec;
}

/// Writes the entries of a manifest and the files that they need.
class ManifestWriter {
 public:
  explicit ManifestWriter(fs::path folder) : folder_(std::move(folder)) {}

  json component(const ComponentSpec& spec, const std::string& owner) const {
    return described(*spec.info, portable_params(*spec.info, spec.params, folder_, owner));
  }

  json head(const HeadSpec& spec, size_t place) const {
    const auto owner = fmt::format("head_{}", place);
    if (spec.switch_on.empty()) return component(spec, owner);
    json heads = json::array();
    for (size_t branch = 0; branch < spec.branches.size(); ++branch) {
      json chain = json::array();
      for (size_t i = 0; i < spec.branches[branch].size(); ++i) {
        chain.push_back(component(spec.branches[branch][i], fmt::format("{}_{}_{}", owner, branch, i)));
      }
      heads.push_back(chain);
    }
    return {{"switch", {{"on", spec.switch_on}, {"heads", heads}}}};
  }

 private:
  fs::path folder_;
};

void read_head(const Catalog& catalog, const json& entry, const fs::path& folder, ModelBuilder& builder) {
  if (!entry.contains("switch")) {
    builder.add_head(described_spec(catalog, "head", entry, folder));
    return;
  }
  std::vector<std::vector<ComponentSpec>> branches;
  for (const auto& chain : entry["switch"].at("heads")) {
    branches.emplace_back();
    for (const auto& one : chain) branches.back().push_back(described_spec(catalog, "head", one, folder));
  }
  builder.add_switch(entry["switch"].at("on"), branches);
}

ObjectKind object_kind_of(const std::string& name) {
  for (const auto kind : {ObjectKind::image, ObjectKind::vector, ObjectKind::text}) {
    if (name == object_kind_name(kind)) return kind;
  }
  throw Error("\"" + name + "\" is no kind of object; expected image, vector or text");
}

}  // namespace

void save_servable(const std::string& folder, const ModelSource& source, const Model& model,
                   const json& metrics) {
  const auto target = fs::path(folder).lexically_normal();
  const auto fresh = fs::path(target.string() + ".new-" + std::to_string(getpid()));
  fs::remove_all(fresh);
  fs::create_directories(fresh);

  const ManifestWriter writer(fresh);
  json manifest = {{"kindred", 1},
                   {"name", source.name},
                   {"embedding_dimension", model.output_dimension},
                   {"encoders", json::array()},
                   {"transforms", json::array()},
                   {"heads", json::array()},
                   {"metrics", metrics},
                   {"search", search_json(source.search)}};
  for (size_t i = 0; i < source.encoders.size(); ++i) {
    const auto& part = model.encoders[i];
    auto entry = writer.component(source.encoders[i], fmt::format("encoder_{}", i));
    entry["name"] = part.name;
    entry["field"] = part.field_name;
    entry["object_kind"] = object_kind_name(part.object_kind);
    entry["dimension"] = part.dimension;
    manifest["encoders"].push_back(entry);
  }
  for (size_t i = 0; i < source.transforms.size(); ++i) {
    manifest["transforms"].push_back(writer.component(source.transforms[i], fmt::format("transform_{}", i)));
  }
  for (size_t i = 0; i < source.heads.size(); ++i) {
    manifest["heads"].push_back(writer.head(source.heads[i], i));
  }
  write_safetensors((fresh / "encoder.safetensors").string(), encoder_tensors(model));
  write_safetensors((fresh / "head.safetensors").string(), head_tensors(model));
  write_file_atomically((fresh / "model.json").string(), json_text(manifest, 2) + "\n");

  const auto old = fs::path(target.string() + ".old-" + std::to_string(getpid()));
  if (fs::exists(target)) fs::rename(target, old);
  fs::rename(fresh, target);
  fs::remove_all(old);
}

Servable load_servable(const std::string& folder, const Catalog& catalog, at::Device device) {
  const auto path = (fs::path(folder) / "model.json").string();
  const auto manifest = parse_json(read_file(path));
  if (!manifest.is_object() || !manifest.contains("kindred") || manifest["kindred"] != 1) {
    throw Error(path + " is not the manifest of a Kindred model (\"kindred\": 1 was expected)");
  }
  Servable servable;
  servable.manifest = manifest;
  try {
    ModelBuilder builder(catalog, 0);
    for (const auto& entry : manifest.at("encoders")) {
      const auto spec = described_spec(catalog, "encoder", entry, folder);
      EncoderPart part;
      part.name = entry.at("name");
      part.field_name = entry.at("field");
      const auto& added =
          builder.add_encoder(part, *spec.info, spec.params, entry.at("dimension").get<int64_t>());
      if (added.object_kind != object_kind_of(entry.at("object_kind"))) {
        throw Error(path + ": the encoder " + added.id + " reads " + object_kind_name(added.object_kind) +
                    "s, not " + entry.at("object_kind").get<std::string>() + "s");
      }
    }
    if (manifest.at("encoders").empty()) throw Error(path + " names no encoder");
    for (const auto& one : manifest.at("transforms")) {
      const auto spec = described_spec(catalog, "transform", one, folder);
      servable.transforms.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
    }
    for (const auto& one : manifest.at("heads")) read_head(catalog, one, folder, builder);
    servable.model = builder.take();
    servable.search = search_traits(manifest);
  } catch (const json::exception& error) {
    throw Error(path + " is not complete: " + error.what());
  }
  const auto load = [&](const char* file, const std::vector<NamedTensor>& target) {
    const auto full = (fs::path(folder) / file).string();
    load_named_tensors("the model's " + full, target, read_checkpoint(full), never, never);
    move_to(target, device);
  };
  load("encoder.safetensors", encoder_tensors(servable.model));
  load("head.safetensors", head_tensors(servable.model));
  return servable;
}

namespace {

/// Why a folder that holds no model holds none, as far as a run says it.
std::string why_no_model(const fs::path& folder) {
  if (!fs::exists(folder))
    return (folder / "model.json").string() + " cannot be, since its folder does not exist";
  if (!fs::is_directory(folder)) return folder.string() + " is a file; a model is a folder";
  if (fs::exists(folder / "result.json")) {
    const auto result = parse_json(read_file((folder / "result.json").string()));
    const auto text = [&](const char* key) {
      return result.is_object() && result.contains(key) && result[key].is_string()
                 ? result[key].get<std::string>()
                 : std::string();
    };
    if (text("status") == "failed")
      return "the run " + folder.string() + " failed before it had a model: " + text("error");
    if (text("status") == "interrupted") {
      return "the run " + folder.string() +
             " was interrupted before it had a model; go on with host run PIPELINE --resume " +
             folder.string();
    }
    return "the run " + folder.string() + " has no model any more; its folder model/ is gone";
  }
  if (fs::exists(folder / "pipeline.json")) {
    return "the run " + folder.string() +
           " has no model yet: it is still running, or was ended from outside; wait for it, or go on with "
           "host "
           "run PIPELINE --resume " +
           folder.string();
  }
  return folder.string() +
         " holds neither model.json nor model/model.json; give the folder of a run, or its folder model/";
}

}  // namespace

std::string model_folder(const std::string& folder) {
  const fs::path path(folder);
  if (fs::exists(path / "model.json")) return folder;
  if (fs::exists(path / "model" / "model.json")) return (path / "model").string();
  throw Error("there is no model to open: " + why_no_model(path));
}

std::vector<size_t> fields_read(const Model& model, const Dataset& dataset) {
  const auto fields = dataset.fields();
  std::vector<size_t> read;
  for (const auto& part : model.encoders) {
    size_t field = 0;
    if (!part.field_name.empty()) {
      while (field < fields.size() && fields[field].name != part.field_name) ++field;
    }
    if (field == fields.size()) {
      throw Error("the model's encoder " + part.name + " reads the field \"" + part.field_name +
                  "\", which the samples of the dataset do not have");
    }
    if (fields[field].kind != part.object_kind) {
      throw Error(
          fmt::format("the model's encoder {} reads an object of the kind {}, but the dataset gives one of "
                      "the kind {}",
                      part.name, object_kind_name(part.object_kind), object_kind_name(fields[field].kind)));
    }
    read.push_back(field);
  }
  return read;
}

}  // namespace kindred::host
