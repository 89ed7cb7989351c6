#include "host/pipeline/pipeline_schema.hpp"

#include <map>
#include <string>

#include "host/loader/catalog.hpp"
#include "host/pipeline/pipeline.hpp"

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

}  // namespace

json pipeline_schema(const Catalog& catalog) {
  json defs = json::object();
  for (const char* kind :
       {"dataset", "transform", "encoder", "head", "loss", "batch_sampler", "eval_sampler", "metric"}) {
    const json host_keys =
        std::string(kind) == "encoder" ? section<EncoderSection>()["properties"] : json::object();
    defs[kind] = component_of_kind(catalog, kind, host_keys);
  }
  const json transforms = one_or_list(reference("transform"));
  defs["split"] = section<SplitSection>(
      {{"train", section<TrainClassesSection>()},
       {"validation", {{"anyOf", {section<ValidationSection>(), {{"enum", {"none", "test"}}}}}}}});
  defs["data"] = section<DataSection>({{"dataset", reference("dataset")},
                                       {"split", reference("split")},
                                       {"transforms", transforms},
                                       {"train_transforms", transforms}});
  defs["model"] = section<ModelSection>({{"encoders",
                                          {{"type", "object"},
                                           {"minProperties", 1},
                                           {"maxProperties", 1},
                                           {"additionalProperties", reference("encoder")}}},
                                         {"head", one_or_list(reference("head"))}});
  defs["train"] = section<TrainSection>({{"loss", reference("loss")},
                                         {"batch_sampler", reference("batch_sampler")},
                                         {"optimizer", section<OptimizerSection>()},
                                         {"schedule", section<ScheduleSection>()},
                                         {"early_stopping", section<EarlyStoppingSection>()}});
  defs["evaluate"] = section<EvaluateSection>(
      {{"metrics", one_or_list(reference("metric"))}, {"eval_sampler", reference("eval_sampler")}});

  auto root = section<RootSection>({{"data", reference("data")},
                                    {"model", reference("model")},
                                    {"cache", section<CacheSection>()},
                                    {"train", reference("train")},
                                    {"evaluate", reference("evaluate")},
                                    {"output", section<OutputSection>()}});
  root["properties"]["extends"] = {{"type", "string"},
                                   {"description", "Another pipeline file that this one changes."}};
  root["properties"]["$schema"] = {{"type", "string"}};
  root["properties"].erase("kindred");
  root["properties"]["kindred"] = {{"const", 1}, {"description", "Version of the pipeline format."}};
  // With "extends" the other file may hold what is required.
  root["if"] = {{"not", {{"required", {"extends"}}}}};
  root["then"] = {{"required", {"kindred", "data", "model", "evaluate"}}};
  root.erase("required");
  root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  root["title"] = "Kindred pipeline";
  root["$defs"] = defs;
  return root;
}

}  // namespace kindred::host
