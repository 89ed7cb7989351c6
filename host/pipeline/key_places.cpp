#include "host/pipeline/key_places.hpp"

#include <algorithm>
#include <utility>

#include "host/loader/catalog.hpp"
#include "host/pipeline/sections.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/names.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kLongestValue = 40;  // longer ones are not repeated in the sentence

using Place = std::pair<std::string, json>;  // a JSON pointer, and the schema of the object there

template <class Section>
void add(std::vector<Place>& places, const std::string& pointer) {
  places.emplace_back(pointer, Schema<Section>::get().to_json());
}

std::vector<Place> sections(const json& pipeline) {
  std::vector<Place> places;
  add<RootSection>(places, "");
  add<DataSection>(places, "/data");
  add<SplitSection>(places, "/data/split");
  add<TrainClassesSection>(places, "/data/split/train");
  add<ValidationSection>(places, "/data/split/validation");
  add<ModelSection>(places, "/model");
  add<CacheSection>(places, "/cache");
  add<TrainSection>(places, "/train");
  add<OptimizerSection>(places, "/train/optimizer");
  add<ScheduleSection>(places, "/train/schedule");
  add<EarlyStoppingSection>(places, "/train/early_stopping");
  add<EvaluateSection>(places, "/evaluate");
  add<OutputSection>(places, "/output");
  const json::json_pointer encoders("/model/encoders");
  const bool named = pipeline.contains(encoders) && pipeline[encoders].is_object();
  if (!named || pipeline[encoders].empty()) return places;
  for (const auto& [name, unused] : pipeline[encoders].items())
    add<EncoderSection>(places, (encoders / name).to_string());
  return places;
}

/// The components that a pipeline names and a person may have meant a key for.
std::vector<Place> components(const json& pipeline, const Catalog& catalog) {
  std::vector<std::pair<std::string, std::string>> named = {
      {"/data/dataset", "dataset"}, {"/train/batch_sampler", "batch_sampler"},
      {"/train/loss", "loss"},      {"/train/loss/miner", "miner"},
      {"/model/head", "head"},      {"/evaluate/eval_sampler", "eval_sampler"}};
  const json::json_pointer encoders("/model/encoders");
  if (pipeline.contains(encoders) && pipeline[encoders].is_object()) {
    for (const auto& [name, unused] : pipeline[encoders].items())
      named.emplace_back((encoders / name).to_string(), "encoder");
  }
  std::vector<Place> places;
  for (const auto& [pointer, kind] : named) {
    const json::json_pointer place(pointer);
    if (!pipeline.contains(place) || !pipeline[place].is_object()) continue;
    const auto type = pipeline[place].value("type", json());
    const auto* info = type.is_string() ? catalog.find(kind, type.get<std::string>()) : nullptr;
    if (info != nullptr) places.emplace_back(pointer, info->schema);
  }
  return places;
}

/// "train.optimizer.lr" for the key "lr" of "/train/optimizer".
std::string dotted(const std::string& pointer, const std::string& key) {
  std::string text;
  json::json_pointer place(pointer + "/");
  for (place.pop_back(); !place.empty(); place.pop_back()) text = place.back() + "." + text;
  return text + key;
}

}  // namespace

KeyPlaces places_of_key(const std::string& key, const std::string& pointer, const json& pipeline,
                        const Catalog& catalog) {
  KeyPlaces found;
  auto places = components(pipeline, catalog);
  for (auto& one : sections(pipeline)) places.push_back(std::move(one));
  for (const auto& [where, schema] : places) {
    if (where == pointer) continue;
    std::vector<std::string> names;
    for (const auto& [name, unused] : schema["properties"].items()) names.push_back(name);
    const auto same = same_name(key, names);
    if (same.empty()) continue;
    auto& list = same == key ? found.exact : found.other;
    const auto text = dotted(where, same);
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }
  return found;
}

std::string misplaced_key_text(const std::string& key, const json& value,
                               const std::vector<std::string>& places) {
  auto text = "\"" + key + "\" is not known here; it belongs at ";
  for (size_t i = 0; i < places.size(); ++i) text += (i > 0 ? " or " : "") + places[i];
  auto given = json_text(value);
  if (given.size() > kLongestValue || value.is_structured()) given = "...";
  const auto& first = places.front();
  auto nested = given;
  for (auto end = first.size(); end != std::string::npos;) {
    const auto dot = first.rfind('.', end - 1);
    const auto begin = dot == std::string::npos ? 0 : dot + 1;
    nested = "{\"" + first.substr(begin, end - begin) + "\": " + nested + "}";
    end = dot;
  }
  return text + ": " + nested + ", or --set " + first + "=" + given;
}

}  // namespace kindred::host
