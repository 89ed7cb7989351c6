#include "host/run/run_folder.hpp"

#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "host/base/system_info.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// The pipeline that began the run of a folder. Of keys that its version did not have it has what that
/// version did.
json begun_with(const std::string& folder) {
  const auto path = (fs::path(folder) / "pipeline.json").string();
  if (!fs::exists(path)) throw Error(folder + " holds no run that could be continued");
  auto begun = json::parse(read_file(path), nullptr, false);
  if (!begun.is_object() || !begun.value("data", json()).is_object()) return json::object();
  auto& data = begun["data"];
  if (!data.contains("duplicates")) data["duplicates"] = "warn";
  if (data.value("split", json()).is_object() && !data["split"].contains("seed")) {
    data["split"]["seed"] = begun.value("seed", json());  // the split followed the seed of the run
  }
  if (data.value("split", json()).is_object() && data["split"].contains("validation")) {
    auto& validation = data["split"]["validation"];
    if (validation.is_object() && !validation.contains("min_classes")) validation["min_classes"] = 1;
  }
  return begun;
}

}  // namespace

std::string create_run_folder(const Pipeline& pipeline, const std::string& folder) {
  if (!folder.empty()) {
    for (const auto* file : {"result.json", "history.jsonl", "results.json"}) {  // the last is of a series
      if (!fs::exists(fs::path(folder) / file)) continue;
      throw Error(folder + " already holds a run; name another folder, or continue that one with --resume");
    }
    fs::create_directories(folder);
    return fs::absolute(folder).lexically_normal().string();
  }
  const auto base = fs::path(pipeline.output_directory) / pipeline.name;
  fs::create_directories(base);
  const auto time = utc_time_for_folder();
  for (int number = 1;; ++number) {
    const auto path = base / (number == 1 ? time : time + "-" + std::to_string(number));
    if (fs::create_directory(path)) return fs::absolute(path).string();
  }
}

json resolved_pipeline(const Pipeline& pipeline, const Catalog& catalog) {
  json out = pipeline.resolved;
  std::set<std::string> used;
  const auto use = [&](const ComponentSpec& spec) {
    if (spec.info != nullptr) used.insert(spec.info->plugin_id);
  };
  use(pipeline.dataset);
  for (const auto& encoder : pipeline.encoders) use(encoder);
  for (const auto& head : pipeline.heads) {
    use(head);
    for (const auto& branch : head.branches) std::for_each(branch.begin(), branch.end(), use);
  }
  for (const auto& loss : pipeline.training.losses) {
    use(loss);
    use(loss.miner);
  }
  use(pipeline.training.batch_sampler);
  use(pipeline.eval_sampler);
  for (const auto* list :
       {&pipeline.transforms, &pipeline.train_transforms, &pipeline.metrics, &pipeline.trackers}) {
    for (const auto& spec : *list) use(spec);
  }
  json plugins = json::object();
  for (const auto& plugin : catalog.plugins()) {
    if (used.count(plugin.id)) plugins[plugin.id] = plugin.version;
  }
  out["versions"] = {{"kindred", KINDRED_SDK_VERSION}, {"libtorch", TORCH_VERSION}, {"plugins", plugins}};
  return out;
}

void check_same_pipeline(const std::string& folder, const Pipeline& pipeline) {
  const auto before = begun_with(folder);
  for (const char* section : {"seed", "data", "model", "cache", "train"}) {
    const auto then = before.value(section, json());
    // As it was written: paths that are no UTF-8 stand there as they are shown.
    const auto now = json::parse(json_text(pipeline.resolved.value(section, json())));
    for (const auto& change : json::diff(then, now)) {
      const auto pointer = "/" + std::string(section) + change.at("path").get<std::string>();
      const bool length = pointer == "/train/epochs" || pointer.rfind("/train/early_stopping", 0) == 0;
      const bool place = pointer == "/cache/directory" || pointer == "/cache/batch_size";
      if (length || place || pointer == "/data/threads") continue;
      throw Error(folder + " was begun with another pipeline: " + pointer +
                  " differs; continue it with the same pipeline, or start a new run");
    }
  }
}

Document document_of_run(const std::string& folder, const std::vector<std::string>& overrides) {
  const auto begun = begun_with(folder);
  auto settings = overrides;
  const auto split = begun.value("data", json::object()).value("split", json::object());
  if (split.contains("seed"))
    settings.insert(settings.begin(), "data.split.seed=" + json_text(split["seed"]));
  if (const auto validation = split.value("validation", json()); validation.is_object()) {
    settings.insert(settings.begin(), "data.split.validation.min_classes=" +
                                          json_text(validation.value("min_classes", json(1))));
  }
  return read_document((fs::path(folder) / "pipeline.json").string(), settings);
}

std::optional<json> completed_result(const std::string& folder, const Pipeline& pipeline) {
  const auto path = (fs::path(folder) / "result.json").string();
  if (!fs::exists(path)) return {};
  auto result = json::parse(read_file(path), nullptr, false);
  if (!result.is_object() || result.value("status", "") != "completed") return {};
  const auto then = begun_with(folder).value("train", json::object());
  const auto now = pipeline.resolved.value("train", json::object());
  for (const char* key : {"epochs", "early_stopping"}) {
    if (then.value(key, json()) == now.value(key, json())) continue;
    if (fs::exists(fs::path(folder) / "checkpoints" / "trainer.json")) return {};
    throw Error(folder +
                " is completed, and its checkpoints were removed, so that it cannot be trained on with "
                "another train." +
                key +
                "; start a new run, with \"output\": {\"keep_checkpoints\": true} "
                "if it shall be trained on later");
  }
  return result;
}

std::string model_of_run(const std::string& folder) { return (fs::path(folder) / "model").string(); }

void set_model_measures(const std::string& folder, const json& metrics, bool unit_length) {
  const auto path = (fs::path(model_of_run(folder)) / "model.json").string();
  auto manifest = json::parse(read_file(path));
  manifest["metrics"] = metrics;
  manifest["search"]["unit_length"] = unit_length;
  write_file_atomically(path, json_text(manifest, 2) + "\n");
}

}  // namespace kindred::host
