#include "host/pipeline/section_reader.hpp"

#include <algorithm>
#include <filesystem>

#include "host/base/text.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/loader/published_weights.hpp"
#include "host/pipeline/key_places.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/names.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

void SectionReader::issue(const std::string& pointer, const std::string& message) {
  // What could not be expanded cannot be right, and its own issue says why.
  for (const auto& one : document_.issues) {
    if (one.pointer == pointer) return;
  }
  issues_.push_back({document_.file_of(pointer), pointer, message});
}

void SectionReader::param_issue(const json& schema, const json& object, const std::string& pointer,
                                const ParamIssue& found) {
  const auto place = pointer + found.pointer;
  const json::json_pointer inside(found.pointer);
  const auto key = inside.empty() ? std::string() : inside.back();
  const bool is_unknown = !inside.empty() && inside.parent_pointer().empty() && object.contains(key) &&
                          !schema["properties"].contains(key);
  if (!is_unknown) return issue(place, found.message);
  std::vector<std::string> names;
  for (const auto& [name, unused] : schema["properties"].items()) names.push_back(name);
  if (!same_name(key, names).empty()) return issue(place, found.message);
  // What is exactly right elsewhere comes before what is nearly right here.
  const auto places = places_of_key(key, pointer, document_.value, catalog_);
  if (!places.exact.empty()) return issue(place, misplaced_key_text(key, object[key], places.exact));
  if (!closest_name(key, names).empty() || places.other.empty()) return issue(place, found.message);
  issue(place, misplaced_key_text(key, object[key], places.other));
}

std::string SectionReader::meant(const std::string& kind, const std::string& type) const {
  const auto suggested = catalog_.suggest(kind, type);
  if (plain_name(suggested) != plain_name(type)) {
    // Others have a class for what is one of the values of a parameter here: "resnet50".
    for (const auto& info : catalog_.components()) {
      if (info.kind != kind) continue;
      for (const auto& [name, field] : info.schema["properties"].items()) {
        for (const auto& one : field.value("enum", json::array())) {
          if (!one.is_string() || plain_name(one.get<std::string>()) != plain_name(type)) continue;
          return "; did you mean {\"type\": \"" + info.short_name + "\", \"" + name +
                 "\": " + json_text(one) + "}?";
        }
      }
    }
  }
  return suggested.empty() ? "" : "; did you mean \"" + suggested + "\"?";
}

json SectionReader::with_defaults(const json& schema, const json& value) {
  json out = value.is_object() ? value : json::object();
  for (const auto& [name, field] : schema["properties"].items()) {
    if (!out.contains(name) && field.contains("default")) out[name] = field["default"];
  }
  return out;
}

void SectionReader::check_paths(const json& schema, json& params, const std::string& pointer,
                                bool must_exist) {
  for (const auto& [name, field] : schema["properties"].items()) {
    const bool is_path = path_use(field) != PathUse::none;
    if (!is_path || !params.contains(name) || !params[name].is_string()) continue;
    const auto place = pointer + "/" + name;
    // A default stands in no file, so it starts at the working directory: `host run` writes to ./runs.
    const auto text = params[name].get<std::string>();
    const bool given = document_.origins.count(place) > 0;
    const auto path = text.empty() || given ? document_.resolve_path(place, text)
                                            : fs::absolute(text).lexically_normal().string();
    if (must_exist && !path.empty() && !fs::exists(path)) {
      issue(place,
            "there is no file or folder " + path +
                (path == params[name] ? "" : " (relative paths start at the folder of the pipeline file)"));
    }
    params[name] = path;
  }
}

/// Puts paths in place of the names of published weights, and nothing in place of "random"; `named` gets what
/// the pipeline said. A file of that name comes first.
void SectionReader::find_weights(const ComponentInfo& info, ComponentSpec& spec, json& named) {
  for (const auto& [key, field] : info.schema["properties"].items()) {
    if (path_use(field) != PathUse::initial_weights || !spec.params.value(key, json()).is_string()) continue;
    const auto place = spec.pointer + "/" + key;
    const auto text = spec.params[key].get<std::string>();
    if (text.empty() || text.find('/') != std::string::npos || document_.origins.count(place) == 0 ||
        fs::exists(document_.resolve_path(place, text))) {
      continue;
    }
    if (text == kRandomWeights) {
      spec.random_weights = true;
      named[key] = text;
      spec.params[key] = "";
      continue;
    }
    const auto files = published_files(field);
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.name == text; });
    if (file == files.end()) {
      if (files.empty() || text.find('.') != std::string::npos) continue;  // a path, which has to exist
      std::vector<std::string> names;
      for (const auto& one : files) names.push_back(one.name);
      const auto close = closest_name(text, names);
      issue(place, "there is no file " + document_.resolve_path(place, text) + ", and " + info.id +
                       " knows no published weights \"" + text + "\"" +
                       (close.empty() ? "" : "; did you mean \"" + close + "\"?") +
                       "; there are: " + joined(names));
    } else if (!holds_for(file->when, spec.params)) {
      const auto fitting = fitting_names(files, spec.params);
      issue(place,
            "\"" + text + "\" are weights for " + json_text(file->when) +
                ", which these parameters are not; " +
                (fitting.empty() ? "none are published for them" : "for them there are: " + joined(fitting)));
    } else if (const auto path = local_path(*file); !fs::exists(path)) {
      issue(place, "the published weights \"" + text + "\" are not on this machine: `host weights get " +
                       text + "` fetches them, or put " + file->url + " at " + path);
    } else {
      named[key] = text;
      spec.params[key] = path;
      continue;
    }
    spec.params[key] = "";  // it is said what is wrong
  }
}

ComponentSpec SectionReader::component(const json& value, const std::string& kind, const std::string& pointer,
                                       json* resolved, const json& host_keys) {
  ComponentSpec spec;
  spec.pointer = pointer;
  spec.file = document_.file;
  if (!value.is_object() || !value.contains("type") || !value["type"].is_string()) {
    issue(pointer, "expected a " + kind + ": an object such as {\"type\": \"NAME\"}; `host list --kind " +
                       kind + "` names those found");
    return spec;
  }
  const auto type = value["type"].get<std::string>();
  const auto* info = catalog_.find(kind, type);
  if (info == nullptr) {
    const auto names = catalog_.names(kind);
    std::string message = "no " + kind + " is called \"" + type + "\"";
    if (const auto same = catalog_.matches(kind, type); !same.empty()) {
      message = "\"" + type + "\" is the short name of more than one " + kind + "; write the full one:";
      for (const auto* one : same) message += (one == same.front() ? " " : " or ") + one->id;
      issue(pointer + "/type", message);
      return spec;
    }
    const auto others = catalog_.kinds_of(type);
    if (!others.empty()) message += "; it is the name of a " + others.front();
    message += meant(kind, type);
    issue(pointer + "/type",
          message + (names.empty() ? "; no plugin offers one" : "; there are: " + joined(names)));
    return spec;
  }
  json params = value;
  params.erase("type");
  json known = info->schema;
  known["properties"].update(host_keys);
  const auto before = issues_.size();
  for (const auto& found : check_params(known, params)) param_issue(known, params, pointer, found);
  spec.params = with_defaults(info->schema, params);
  json named = json::object();
  find_weights(*info, spec, named);
  check_paths(info->schema, spec.params, pointer, true);
  if (issues_.size() == before) spec.info = info;
  if (resolved != nullptr) {
    *resolved = spec.params;
    resolved->update(named);
    (*resolved)["type"] = info->id;
  }
  return spec;
}

std::vector<ComponentSpec> SectionReader::components(const json& value, const std::string& kind,
                                                     const std::string& pointer, json* resolved) {
  std::vector<ComponentSpec> specs;
  json out = json::array();
  if (value.is_null()) {
    // none
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      json one;
      specs.push_back(component(value[i], kind, pointer + "/" + std::to_string(i), &one));
      out.push_back(one);
    }
  } else {
    json one;
    specs.push_back(component(value, kind, pointer, &one));
    out.push_back(one);
  }
  if (resolved != nullptr) *resolved = out;
  return specs;
}

std::map<std::string, double> SectionReader::factors(const json& value, const std::string& pointer,
                                                     const char* example) {
  std::map<std::string, double> out;
  if (value.is_null()) return out;
  if (!value.is_object()) {
    issue(pointer, std::string("expected an object with ") + example);
    return out;
  }
  for (const auto& [name, factor] : value.items()) {
    if (!factor.is_number() || factor.get<double>() < 0) {
      issue((json::json_pointer(pointer) / name).to_string(),
            "must be a number of at least 0, got " + json_text(factor));
    } else {
      out[name] = factor.get<double>();
    }
  }
  return out;
}

}  // namespace kindred::host
