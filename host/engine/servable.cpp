#include "host/engine/servable.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "host/engine/contracts.hpp"
#include "host/engine/cut.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

bool never(const std::string&) { return false; }

/// Parameters as they stand in the servable: initial weights dropped, resources copied beside the manifest.
json portable_params(const ComponentInfo& info, json params, const fs::path& folder,
                     const std::string& owner) {
  for (const auto& [name, field] : info.schema["properties"].items()) {
    const auto mark = field.value("x-path", "");
    if (mark.empty() || !params.contains(name) || !params[name].is_string()) continue;
    const auto path = params[name].get<std::string>();
    if (mark == "initial_weights") {
      params[name] = "";
    } else if (mark == "resource" && !path.empty()) {
      const auto relative = fs::path("resources") / (owner + "_" + fs::path(path).filename().string());
      fs::create_directories(folder / "resources");
      write_file_atomically((folder / relative).string(), read_file(path));
      params[name] = relative.string();
    }
  }
  return params;
}

json described(const ComponentInfo& info, json params) {
  return {{"type", info.id},
          {"version", info.version},
          {"plugin", info.plugin_id},
          {"plugin_version", info.plugin_version},
          {"params", std::move(params)}};
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
    const bool resource = field.value("x-path", "") == "resource";
    if (!resource || !params.contains(name) || !params[name].is_string()) continue;
    const auto path = params[name].get<std::string>();
    // A manifest must not reach outside its folder.
    const bool inside = !path.empty() && fs::path(path).is_relative() && path.find("..") == std::string::npos;
    if (!path.empty() && !inside)
      throw Error("the model's resource path \"" + path + "\" leaves its folder; refused");
    if (inside) params[name] = (folder / path).string();
  }
  return params;
}

void set_encoder(Model& model, const std::string& name, const ComponentInfo& info,
                 std::shared_ptr<Encoder> encoder, int64_t input_dimension) {
  model.encoder_name = name;
  model.encoder_id = info.id;
  model.encoder_plugin = info.plugin_id;
  model.encoder = std::move(encoder);
  guard(info, "dimension", [&] { model.embedding_dimension = model.encoder->dimension(); });
  if (model.embedding_dimension == 0) model.embedding_dimension = input_dimension;
  model.output_dimension = model.embedding_dimension;
  guard(info, "stages", [&] {
    model.stage_count = static_cast<int64_t>(model.encoder->stages().size());
    if (model.stage_count < 1) throw Error("an encoder has at least one stage");
    for (const auto& one : module_tensors(*model.encoder)) {
      const auto stage = model.encoder->stage_of(one.name);
      if (stage < 0 || stage >= model.stage_count) {
        throw Error(fmt::format("stage_of(\"{}\") is {}, but there are {} stages", one.name, stage,
                                model.stage_count));
      }
    }
  });
  model.first_trained = model.stage_count;
  model.encoder->train(false);
}

void add_head(Model& model, const ComponentInfo& info, std::shared_ptr<Head> head) {
  model.heads.push_back({info.id, info.plugin_id, std::move(head)});
  guard(info, "output_dimension",
        [&] { model.output_dimension = model.heads.back().head->output_dimension(); });
  guard(info, "parameters", [&] { module_tensors(*model.heads.back().head); });
  model.heads.back().head->train(false);
}

}  // namespace

Model make_model(const Catalog& catalog, const Pipeline& pipeline, int64_t input_dimension, bool with_heads) {
  at::manual_seed(static_cast<uint64_t>(pipeline.root.seed));
  Model model;
  const auto& spec = pipeline.encoder;
  Site site;
  site.seed = static_cast<uint64_t>(pipeline.root.seed);
  set_encoder(model, spec.name, *spec.info, catalog.create<Encoder>(*spec.info, spec.params, site),
              input_dimension);
  model.first_trained = first_trained_stage(pipeline, *model.encoder);
  model.encoder->freeze_batch_norms(spec.batch_norms_frozen);
  if (with_heads) {
    for (const auto& one : pipeline.head) {
      site.input_dimension = model.output_dimension;
      add_head(model, *one.info, catalog.create<Head>(*one.info, one.params, site));
      model.heads.back().waits = model.heads.back().head->needs_fit();
    }
  }
  return model;
}

void save_servable(const std::string& folder, const Pipeline& pipeline, const Model& model,
                   const json& metrics) {
  const auto target = fs::path(folder).lexically_normal();
  const auto fresh = fs::path(target.string() + ".new-" + std::to_string(getpid()));
  fs::remove_all(fresh);
  fs::create_directories(fresh);

  const auto& encoder = pipeline.encoder;
  json manifest = {{"kindred", 1},
                   {"name", pipeline.root.name},
                   {"embedding_dimension", model.output_dimension},
                   {"object_kind", model.encoder->object_kind() == ObjectKind::image ? "image" : "vector"},
                   {"transforms", json::array()},
                   {"heads", json::array()},
                   {"metrics", metrics}};
  manifest["encoder"] =
      described(*encoder.info, portable_params(*encoder.info, encoder.params, fresh, "encoder"));
  manifest["encoder"]["name"] = encoder.name;
  manifest["encoder"]["dimension"] = model.embedding_dimension;
  for (const auto& one : pipeline.transforms) {
    manifest["transforms"].push_back(
        described(*one.info, portable_params(*one.info, one.params, fresh, "transform")));
  }
  int64_t dimension = model.embedding_dimension;
  for (size_t i = 0; i < pipeline.head.size(); ++i) {
    const auto& one = pipeline.head[i];
    auto entry =
        described(*one.info, portable_params(*one.info, one.params, fresh, fmt::format("head_{}", i)));
    entry["input_dimension"] = dimension;
    manifest["heads"].push_back(entry);
    dimension = model.heads[i].head->output_dimension();
  }
  write_safetensors((fresh / "encoder.safetensors").string(), module_tensors(*model.encoder));
  write_safetensors((fresh / "head.safetensors").string(), head_tensors(model));
  write_file_atomically((fresh / "model.json").string(), manifest.dump(2) + "\n");

  const auto old = fs::path(target.string() + ".old-" + std::to_string(getpid()));
  if (fs::exists(target)) fs::rename(target, old);
  fs::rename(fresh, target);
  fs::remove_all(old);
}

Servable load_servable(const std::string& folder, const Catalog& catalog, at::Device device) {
  const auto path = (fs::path(folder) / "model.json").string();
  const auto manifest = json::parse(read_file(path), nullptr, false);
  if (!manifest.is_object() || !manifest.contains("kindred") || manifest["kindred"] != 1) {
    throw Error(path + " is not the manifest of a Kindred model (\"kindred\": 1 was expected)");
  }
  Servable servable;
  servable.manifest = manifest;
  try {
    const auto& entry = manifest.at("encoder");
    const auto& info = find_described(catalog, "encoder", entry);
    auto encoder = catalog.create<Encoder>(info, absolute_params(info, entry.at("params"), folder));
    set_encoder(servable.model, entry.at("name"), info, std::move(encoder),
                entry.at("dimension").get<int64_t>());
    for (const auto& one : manifest.at("transforms")) {
      const auto& transform = find_described(catalog, "transform", one);
      servable.transforms.push_back(create_under_contract<Transform>(
          catalog, transform, absolute_params(transform, one.at("params"), folder)));
    }
    for (const auto& one : manifest.at("heads")) {
      const auto& head = find_described(catalog, "head", one);
      Site site;
      site.input_dimension = one.at("input_dimension").get<int64_t>();
      add_head(servable.model, head,
               catalog.create<Head>(head, absolute_params(head, one.at("params"), folder), site));
    }
  } catch (const json::exception& error) {
    throw Error(path + " is not complete: " + error.what());
  }
  const auto load = [&](const char* file, const std::vector<NamedTensor>& target) {
    const auto full = (fs::path(folder) / file).string();
    load_named_tensors("the model's " + full, target, read_checkpoint(full), never, never);
    move_to(target, device);
  };
  load("encoder.safetensors", module_tensors(*servable.model.encoder));
  load("head.safetensors", head_tensors(servable.model));
  return servable;
}

}  // namespace kindred::host
