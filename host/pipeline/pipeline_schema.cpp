#include "host/pipeline/pipeline_schema.hpp"

#include <map>
#include <string>

#include "host/loader/catalog.hpp"
#include "host/loader/component_kinds.hpp"
#include "host/pipeline/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json reference(const std::string& name) { return {{"$ref", "#/$defs/" + name}}; }

json one_or_list(const json& one) { return {{"anyOf", {one, {{"type", "array"}, {"items", one}}}}}; }

/// The schema of a section with the structure of its nested keys put in. ${NAME} may stand wherever a
/// string may, so nothing is lost by requiring plain types elsewhere.
template <class Section>
json section(const std::map<std::string, json>& nested = {}) {
  auto schema = Schema<Section>::get().to_json();
  for (const auto& [key, structure] : nested) {
    auto& property = schema["properties"][key];
    property.erase("default");
    property.update(structure);
  }
  return schema;
}

/// {"type": NAME, parameters...} with the parameters of the component that is named.
json component_of_kind(const Catalog& catalog, const std::string& kind, const json& host_keys) {
  json names = json::array(), branches = json::array();
  for (const auto& info : catalog.components()) {
    if (info.kind != kind) continue;
    json ids = {info.id};
    const auto* by_short = catalog.find(kind, info.short_name);
    if (by_short != nullptr && by_short->id == info.id) ids.push_back(info.short_name);
    json then = info.schema;
    then.erase("x-also-known-as");
    then["description"] = info.summary;
    then["properties"]["type"] = {{"enum", ids}};
    then["properties"].update(host_keys);
    for (const auto& id : ids) names.push_back(id);
    branches.push_back(
        {{"if", {{"properties", {{"type", {{"enum", ids}}}}}, {"required", {"type"}}}}, {"then", then}});
  }
  json schema = {{"type", "object"}, {"required", {"type"}}, {"properties", {{"type", {{"enum", names}}}}}};
  if (!branches.empty()) schema["allOf"] = branches;
  return schema;
}

/// The same for a file that changes another one: nothing is required, null removes, and a component may be
/// changed without naming its type again.
json of_changes(const json& schema) {
  if (schema.is_array()) {
    json out = json::array();
    for (const auto& one : schema) out.push_back(of_changes(one));
    return out;
  }
  if (!schema.is_object()) return schema;
  json out = json::object();
  for (const auto& [key, value] : schema.items()) {
    if (key == "required") continue;
    if (key == "if" || key == "enum" || key == "default") {
      out[key] = value;  // a condition stays what it is
    } else if (key == "$ref") {
      const std::string start = "#/$defs/";
      out[key] = start + "changes_" + value.get<std::string>().substr(start.size());
    } else if (key == "properties") {
      for (const auto& [name, property] : value.items()) {
        out[key][name] = {{"anyOf", {of_changes(property), {{"type", "null"}}}}};
      }
    } else {
      out[key] = of_changes(value);
    }
  }
  return out;
}

/// The properties of any factors by name, such as learning rates by stage.
json factors() {
  return {{"type", "object"}, {"additionalProperties", {{"type", "number"}, {"minimum", 0}}}};
}

/// Adds every kind of component, and a head or the switch that may stand in its place.
void define_components(json& defs, const Catalog& catalog) {
  for (const char* kind : kComponentKinds) {
    json host_keys = json::object();
    if (std::string(kind) == "encoder") {
      auto trainable = section<TrainableSection>({{"lr_multipliers", factors()}});
      host_keys = section<EncoderSection>(
          {{"trainable", {{"anyOf", {json{{"type", "boolean"}}, trainable}}}}})["properties"];
    }
    if (std::string(kind) == "loss") {
      host_keys = section<LossSection>(
          {{"miner", reference("miner")}, {"memory", section<MemorySection>()}})["properties"];
    }
    defs[kind] = component_of_kind(catalog, kind, host_keys);
  }
  defs["head_or_switch"] = {
      {"if", {{"required", {"switch"}}}},
      {"then",
       {{"type", "object"},
        {"properties",
         {{"switch",
           section<SwitchSection>(
               {{"heads",
                 {{"type", "array"},
                  {"minItems", 2},
                  {"items", {{"anyOf", {one_or_list(reference("head")), json{{"type", "null"}}}}}}}}})}}},
        {"additionalProperties", false}}},
      {"else", reference("head")}};
}

/// Adds the sections of a pipeline, which refer to components.
void define_sections(json& defs) {
  const json transforms = one_or_list(reference("transform"));
  defs["split"] = section<SplitSection>(
      {{"train", section<TrainClassesSection>()},
       {"validation", {{"anyOf", {section<ValidationSection>(), {{"enum", {"none", "test"}}}}}}}});
  defs["data"] = section<DataSection>({{"dataset", reference("dataset")},
                                       {"split", reference("split")},
                                       {"transforms", transforms},
                                       {"train_transforms", transforms}});
  defs["model"] = section<ModelSection>(
      {{"encoders",
        {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", reference("encoder")}}},
       {"head", one_or_list(reference("head_or_switch"))}});
  defs["train"] =
      section<TrainSection>({{"loss", one_or_list(reference("loss"))},
                             {"batch_sampler", reference("batch_sampler")},
                             {"optimizer", section<OptimizerSection>({{"lr_factors", factors()}})},
                             {"freeze", {{"type", "array"}, {"items", section<FreezeSection>()}}},
                             {"schedule", section<ScheduleSection>()},
                             {"early_stopping", section<EarlyStoppingSection>()}});
  defs["evaluate"] = section<EvaluateSection>(
      {{"metrics", one_or_list(reference("metric"))}, {"eval_sampler", reference("eval_sampler")}});
}

}  // namespace

json pipeline_schema(const Catalog& catalog) {
  json defs = json::object();
  define_components(defs, catalog);
  define_sections(defs);
  auto root = section<RootSection>(
      {{"data", reference("data")},
       {"model", reference("model")},
       {"cache", section<CacheSection>()},
       {"train", reference("train")},
       {"evaluate", reference("evaluate")},
       {"output", section<OutputSection>({{"trackers", one_or_list(reference("tracker"))}})}});
  // Every file may say what a changing one may; one that extends no other has to be whole.
  auto schema = of_changes(root);
  schema["properties"]["kindred"] = {{"const", 1}, {"description", "Version of the pipeline format."}};
  schema["properties"]["extends"] = {{"type", "string"},
                                     {"description", "Another pipeline file that this one changes."}};
  schema["properties"]["$schema"] = {{"type", "string"}};
  schema["if"] = {{"not", {{"required", {"extends"}}}}};
  schema["then"] = {{"required", {"kindred", "data", "model", "evaluate"}},
                    {"properties", root["properties"]}};
  schema["$defs"] = defs;
  for (const auto& [name, def] : defs.items()) schema["$defs"]["changes_" + name] = of_changes(def);
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Kindred pipeline";
  return schema;
}

}  // namespace kindred::host
