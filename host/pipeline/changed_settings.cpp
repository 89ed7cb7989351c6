#include "host/pipeline/changed_settings.hpp"

#include "host/loader/catalog.hpp"
#include "host/pipeline/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

template <class Section>
json properties_of() {
  return Schema<Section>::get().to_json()["properties"];
}

/// What a section declares, by the JSON pointer where it stands.
const std::map<std::string, json>& sections() {
  static const std::map<std::string, json> all = {
      {"", properties_of<RootSection>()},
      {"/data", properties_of<DataSection>()},
      {"/data/split", properties_of<SplitSection>()},
      {"/data/split/train", properties_of<TrainClassesSection>()},
      {"/data/split/validation", properties_of<ValidationSection>()},
      {"/cache", properties_of<CacheSection>()},
      {"/train", properties_of<TrainSection>()},
      {"/train/optimizer", properties_of<OptimizerSection>()},
      {"/train/schedule", properties_of<ScheduleSection>()},
      {"/train/early_stopping", properties_of<EarlyStoppingSection>()},
      {"/evaluate", properties_of<EvaluateSection>()},
      {"/output", properties_of<OutputSection>()}};
  return all;
}

/// The kind of the components that stand below a key.
std::string kind_of(const std::string& key) {
  if (key == "transforms" || key == "train_transforms") return "transform";
  if (key == "encoders") return "encoder";
  if (key == "metrics") return "metric";
  if (key == "trackers") return "tracker";
  if (key == "heads") return "head";  // of a switch
  return key;
}

/// Says whether a value is the default: a list without entries is none, and a path was made absolute.
bool is_usual(const json& value, const json& usual, bool is_path) {
  if (usual.is_null()) return value.is_null() || (value.is_structured() && value.empty());
  if (!is_path || !value.is_string() || !usual.is_string()) return value == usual;
  const auto text = value.get<std::string>(), end = "/" + usual.get<std::string>();
  return value == usual || (end.size() > 1 && text.size() > end.size() &&
                            text.compare(text.size() - end.size(), end.size(), end) == 0);
}

class Changes {
 public:
  explicit Changes(const Catalog& catalog) : catalog_(catalog) {}

  /// `key` is the name of the nearest member above that is no number of a list.
  void look(const json& value, const std::string& pointer, const std::string& key) {
    if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) look(value[i], pointer + "/" + std::to_string(i), key);
    }
    if (!value.is_object()) return;
    const auto declared = declared_at(value, pointer, key);
    for (const auto& [name, member] : value.items()) {
      const auto place = pointer + "/" + name;
      if (pointer.empty() && (name == "kindred" || name == "versions")) continue;
      const bool is_chosen = name == "type" && !declared.contains("type");
      if (member.is_object() || (member.is_array() && !member.empty() && member.front().is_object())) {
        look(member, place, key == "encoders" && !value.contains("type") ? key : name);
      } else if (is_chosen) {
        changed[place] = nullptr;
      } else if (declared.contains(name)) {
        const auto usual = declared[name].value("default", json());
        if (!is_usual(member, usual, declared[name].contains("x-path"))) changed[place] = usual;
      }
    }
  }

  std::map<std::string, json> changed;

 private:
  json declared_at(const json& value, const std::string& pointer, const std::string& key) const {
    if (const auto found = sections().find(pointer); found != sections().end()) return found->second;
    if (key == "memory") return properties_of<MemorySection>();
    if (key == "freeze") return properties_of<FreezeSection>();
    if (key == "trainable") return properties_of<TrainableSection>();
    const auto type = value.value("type", json());
    json declared = json::object();
    if (!type.is_string()) return declared;
    const auto kind = kind_of(key);
    if (const auto* info = catalog_.find(kind, type.get<std::string>()))
      declared = info->schema.value("properties", json::object());
    if (kind == "encoder") declared.update(properties_of<EncoderSection>());
    if (kind == "loss") declared.update(properties_of<LossSection>());
    return declared;
  }

  const Catalog& catalog_;
};

}  // namespace

std::map<std::string, json> changed_settings(const json& resolved, const Catalog& catalog) {
  Changes changes(catalog);
  changes.look(resolved, "", "");
  return std::move(changes.changed);
}

}  // namespace kindred::host
