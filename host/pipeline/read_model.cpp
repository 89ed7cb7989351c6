#include <algorithm>

#include "host/base/text.hpp"
#include "host/pipeline/expected_transforms.hpp"
#include "host/pipeline/read_sections.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

void read_trainable(SectionReader& reader, const json& value, EncoderSpec& encoder,
                    const std::string& pointer, json& out) {
  if (value.is_boolean()) {
    encoder.learns = value.get<bool>();
    encoder.batch_norms_frozen = false;  // a network from scratch has no statistics to keep
    return;
  }
  if (!value.is_object()) {
    reader.issue(pointer,
                 "must be a boolean, or an object such as {\"from\": \"layer4\"}, got " + json_text(value));
    return;
  }
  const auto trainable = reader.section<TrainableSection>(value, pointer, &out);
  encoder.learns = true;
  encoder.trained_from = trainable.from;
  encoder.batch_norms_frozen = trainable.batch_norm == BatchNormMode::frozen;
  encoder.lr_decay = trainable.lr_decay;
  encoder.lr_multipliers = reader.factors(trainable.lr_multipliers, pointer + "/lr_multipliers",
                                          "a factor per stage, such as {\"head\": 2}");
  if (trainable.lora.is_null()) {
    out.erase("lora");
    return;
  }
  encoder.lora = reader.section<LoraSection>(trainable.lora, pointer + "/lora", &out["lora"]);
}

EncoderSpec encoder(SectionReader& reader, const std::string& name, json value, json& out) {
  EncoderSpec spec;
  const auto pointer = (json::json_pointer("/model/encoders") / name).to_string();
  json options;
  const auto section = reader.host_keys_of<EncoderSection>(value, pointer, options);
  static_cast<ComponentSpec&>(spec) = reader.component(value, "encoder", pointer, &out,
                                                       Schema<EncoderSection>::get().to_json()["properties"]);
  spec.name = name;
  spec.options = section;
  const auto expected = expected_transforms(reader, spec);
  spec.expected = expected.transforms;
  spec.expected_by_folder = expected.by_folder;
  read_trainable(reader, section.trainable, spec, pointer + "/trainable", options["trainable"]);
  if (section.gradient_checkpointing && !spec.learns) {
    reader.issue(pointer + "/gradient_checkpointing",
                 "the encoder is frozen, so that no gradient passes it; leave this out, or train the encoder "
                 "(\"trainable\")");
  }
  if (out.is_object()) out.update(options);
  return spec;
}

HeadSpec head(SectionReader& reader, const Pipeline& p, const json& value, const std::string& pointer,
              json& out) {
  HeadSpec spec;
  if (!value.is_object() || !value.contains("switch")) {
    static_cast<ComponentSpec&>(spec) = reader.component(value, "head", pointer, &out);
    return spec;
  }
  spec.pointer = pointer + "/switch";
  spec.file = p.file;
  if (pointer != "/model/head" && pointer != "/model/head/0") {
    reader.issue(pointer, "a switch comes before the other heads, since it chooses by an encoder's numbers");
  }
  if (value.size() > 1) reader.issue(pointer, "beside \"switch\" there is nothing to say in a head");
  const auto options = reader.section<SwitchSection>(value["switch"], spec.pointer, &out["switch"]);
  spec.switch_on = options.on;
  std::vector<std::string> names;
  for (const auto& one : p.encoders) names.push_back(one.name);
  if (!options.on.empty() && std::find(names.begin(), names.end(), options.on) == names.end()) {
    reader.issue(spec.pointer + "/on",
                 "no encoder is called \"" + options.on + "\"; there are: " + joined(names));
  } else if (names.size() == 1) {
    reader.issue(spec.pointer + "/on", "the numbers of \"" + options.on +
                                           "\" choose the head, so that another encoder is needed for it");
  }
  if (!options.heads.is_array() || options.heads.size() < 2) {
    reader.issue(spec.pointer + "/heads", "expected a list of at least two heads");
    return spec;
  }
  out["switch"]["heads"] = json::array();
  for (size_t i = 0; i < options.heads.size(); ++i) {
    json one;
    spec.branches.push_back(
        reader.components(options.heads[i], "head", spec.pointer + "/heads/" + std::to_string(i), &one));
    out["switch"]["heads"].push_back(one);
  }
  return spec;
}

void read_heads(SectionReader& reader, Pipeline& p, const json& value, json& out) {
  out = json::array();
  if (value.is_null()) return;
  const json list = value.is_array() ? value : json::array({value});
  for (size_t i = 0; i < list.size(); ++i) {
    json one;
    p.heads.push_back(
        head(reader, p, list[i], value.is_array() ? "/model/head/" + std::to_string(i) : "/model/head", one));
    out.push_back(one);
  }
}

}  // namespace

void read_model(SectionReader& reader, const json& value, Pipeline& p, json& out) {
  const auto model = reader.section<ModelSection>(value, "/model", &out["model"]);
  if (!model.encoders.is_object() || model.encoders.empty()) {
    if (!model.encoders.is_null()) {
      reader.issue("/model/encoders",
                   "expected an object with at least one encoder, such as {\"image\": {\"type\": \"NAME\"}}");
    }
  } else {
    auto& encoders = out["model"]["encoders"];
    encoders = json::object();
    for (const auto& [name, entry] : model.encoders.items()) {
      p.encoders.push_back(encoder(reader, name, entry, encoders[name]));
    }
  }
  read_heads(reader, p, model.head, out["model"]["head"]);
}

}  // namespace kindred::host
