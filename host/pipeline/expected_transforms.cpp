#include "host/pipeline/expected_transforms.hpp"

#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/loader/published_weights.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json as_json(const std::vector<ComponentSpec>& transforms) {
  json list = json::array();
  for (const auto& spec : transforms) {
    list.push_back(spec.params);
    list.back()["type"] = spec.info->id;
  }
  return list;
}

}  // namespace

std::vector<ComponentSpec> expected_transforms(const SectionReader& reader, const ComponentSpec& encoder) {
  if (encoder.info == nullptr) return {};
  for (const auto& [key, field] : encoder.info->schema["properties"].items()) {
    const auto given = encoder.params.value(key, json());
    const bool has_weights = given.is_string() && !given.get<std::string>().empty();
    if (path_use(field) != PathUse::initial_weights || !has_weights || !field.contains("x-expects")) continue;
    for (const auto& one : field["x-expects"]) {
      if (!holds_for(one.value("when", json::object()), encoder.params)) continue;
      SectionReader apart(reader.document(), reader.catalog());  // nothing of it is the user's mistake
      auto transforms =
          apart.components(one.value("transforms", json::array()), "transform", "/data/transforms", nullptr);
      return apart.issues().empty() ? transforms : std::vector<ComponentSpec>();
    }
  }
  return {};
}

void take_expected_transforms(Pipeline& pipeline, json& resolved) {
  const EncoderSpec* first = nullptr;
  for (const auto& one : pipeline.encoders) {
    if (one.expected.empty()) continue;
    if (first == nullptr) first = &one;
    if (as_json(one.expected) == as_json(first->expected)) continue;
    pipeline.warnings.push_back("the weights of the encoders \"" + first->name + "\" and \"" + one.name +
                                "\" expect different transforms, so that pictures get none; write "
                                "data.transforms, such as " +
                                json_text(as_json(first->expected)));
    return;
  }
  if (first == nullptr) return;
  pipeline.transforms = first->expected;
  resolved["data"]["transforms"] = as_json(first->expected);
  if (!pipeline.has_train_transforms) pipeline.train_transforms = pipeline.transforms;
  pipeline.notes.push_back("data.transforms is left out, so pictures go through those that the weights of " +
                           first->info->id + " expect: " + json_text(as_json(first->expected)));
}

}  // namespace kindred::host
