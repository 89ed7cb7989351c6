#include "host/pipeline/expected_transforms.hpp"

#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/loader/published_weights.hpp"
#include "host/pipeline/folder_transforms.hpp"
#include "kindred/error.hpp"
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

/// What a folder says that pictures go through; none where it says nothing. A file that asks for something
/// else is an issue, unless the pipeline has transforms of its own.
json transforms_in(SectionReader& reader, const std::string& folder, const std::string& pointer) {
  try {
    return folder_transforms(folder).value_or(json::array());
  } catch (const Error& error) {
    const auto data = reader.document().value.value("data", json());
    if (!data.is_object() || !data.contains("transforms")) reader.issue(pointer, error.what());
  }
  return json::array();
}

}  // namespace

ExpectedTransforms expected_transforms(SectionReader& reader, const ComponentSpec& encoder) {
  if (encoder.info == nullptr) return {};
  for (const auto& [key, field] : encoder.info->schema["properties"].items()) {
    const auto given = encoder.params.value(key, json());
    const bool is_given = given.is_string() && !given.get<std::string>().empty();
    if (!is_given || !field.contains("x-expects")) continue;
    for (const auto& one : field["x-expects"]) {
      if (!holds_for(one.value("when", json::object()), encoder.params)) continue;
      ExpectedTransforms found;
      auto asked = one.value("transforms", json::array());
      found.by_folder = asked == "preprocessor_config.json";
      if (found.by_folder)
        asked = transforms_in(reader, given.get<std::string>(), encoder.pointer + "/" + key);
      SectionReader apart(reader.document(), reader.catalog());  // nothing of it is the user's mistake
      found.transforms = apart.components(asked, "transform", "/data/transforms", nullptr);
      return apart.issues().empty() ? found : ExpectedTransforms();
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
