#include "host/pipeline/validator.hpp"

#include <algorithm>
#include <filesystem>

#include "host/pipeline/expected_transforms.hpp"
#include "host/pipeline/read_sections.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

void check_views(SectionReader& reader, const Pipeline& p) {
  const auto some = [&](auto&& predicate) {
    return std::any_of(p.encoders.begin(), p.encoders.end(), predicate);
  };
  if (p.cache.type == CacheType::none && some([](const EncoderSpec& one) { return !one.learns; })) {
    reader.issue("/cache/type",
                 "a frozen encoder is run once and its embeddings are kept; take \"cpu\" to leave no file");
  }
  if (p.cache.type == CacheType::none && p.cache.views > 1) {
    reader.issue("/cache/views", "there are no views to keep without a cache; take another cache.type");
  }
  if (p.cache.views > 1 && !p.encoders.empty() &&
      !some([](const EncoderSpec& one) { return !one.trained_from.empty(); })) {
    reader.issue(
        "/cache/views",
        "views are kept of the maps in front of the stage that an encoder is trained from; this one is " +
            std::string(p.learns() ? "trained whole, on pictures" : "frozen") +
            ": set \"trainable\": {\"from\": STAGE}, or leave views at 1");
  }
  if (p.cache.views > 2 && !p.has_train_transforms) {
    reader.issue(
        "/cache/views",
        "views beyond the picture and its mirror image are draws of data.train_transforms, which is missing; "
        "add it, for example [{\"type\": \"random_resized_crop\"}, ...], or set views to 2");
  }
}

bool is_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  return text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() < 8 &&
         text.find_first_not_of("0123456789", 5) == std::string::npos;
}

bool is_folder_name(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos;
}

Pipeline read_pipeline(SectionReader& reader) {
  const auto& document = reader.document();
  Pipeline p;
  p.file = document.file;
  json out;
  json value = document.value;
  if (!value.contains("name")) value["name"] = fs::path(document.file).stem().string();
  if (!value.contains("evaluate")) {
    reader.issue("/evaluate",
                 "the section is missing; it says what is measured, for example "
                 "{\"metrics\": [{\"type\": \"r_precision\"}]}");
  }
  const auto root = reader.section<RootSection>(value, "", &out);
  out.erase("versions");  // they are those of the run that the file comes from
  for (size_t i = 0; i < root.plugins.size(); ++i) {
    out["plugins"][i] = document.resolve_path("/plugins/" + std::to_string(i), root.plugins[i]);
  }
  if (!is_device(root.device)) {
    reader.issue("/device", "\"" + root.device + "\" is not a device; expected auto, cpu, cuda or cuda:N");
  }
  if (!is_folder_name(root.name)) {
    reader.issue("/name",
                 "\"" + root.name + "\" cannot be a folder name; use letters, digits, '-', '_' and '.'");
  }
  p.name = root.name;
  p.device = root.device;
  p.seed = p.training.seed = p.evaluation.seed = static_cast<uint64_t>(root.seed);
  p.split.file = p.training.file = p.file;
  if (!root.data.is_null()) read_data(reader, root.data, p, out);
  if (!root.model.is_null()) read_model(reader, root.model, p, out);
  if (root.data.is_object() && !root.data.contains("transforms")) take_expected_transforms(p, out);
  p.cache = reader.section<CacheSection>(root.cache, "/cache", &out["cache"]);
  read_train(reader, root.train, p, out);
  check_views(reader, p);
  if (!root.evaluate.is_null()) read_evaluate(reader, root.evaluate, p, out);
  const auto output = reader.section<OutputSection>(root.output, "/output", &out["output"]);
  p.output_directory = output.directory;
  p.keep_checkpoints = output.keep_checkpoints;
  p.trackers = reader.components(output.trackers, "tracker", "/output/trackers", &out["output"]["trackers"]);
  out.erase("versions");
  p.resolved = out;
  return p;
}

}  // namespace

std::vector<std::string> plugin_folders(const Document& document) {
  std::vector<std::string> folders;
  const auto it = document.value.find("plugins");
  if (it == document.value.end()) return folders;
  const bool strings =
      it->is_array() && std::all_of(it->begin(), it->end(), [](const json& v) { return v.is_string(); });
  if (!strings)
    throw PipelineError({{document.file_of("/plugins"), "/plugins", "expected a list of folders"}});
  for (size_t i = 0; i < it->size(); ++i) {
    folders.push_back(document.resolve_path("/plugins/" + std::to_string(i), (*it)[i].get<std::string>()));
  }
  return folders;
}

Pipeline validate_pipeline(const Document& document, const Catalog& catalog) {
  std::vector<Issue> issues;
  auto pipeline = validate_pipeline(document, catalog, issues);
  if (!issues.empty()) throw PipelineError(issues);
  return pipeline;
}

Pipeline validate_pipeline(const Document& document, const Catalog& catalog, std::vector<Issue>& issues,
                           DatasetUse dataset) {
  SectionReader reader(document, catalog);
  auto pipeline = read_pipeline(reader);
  for (const auto* found : {&document.issues, &reader.issues()}) {
    for (const auto& one : *found) {
      const bool is_of_dataset =
          is_at_or_below(one.pointer, "/data/dataset") || is_at_or_below(one.pointer, "/data/split");
      if (!is_of_dataset || dataset == DatasetUse::read) issues.push_back(one);
    }
  }
  return pipeline;
}

}  // namespace kindred::host
