#include "host/inference/model_card.hpp"

#include "host/model/search_traits.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;

void add_component(ModelCard& card, const char* kind, const json& entry) {
  // A switch between heads is the host's own; those in its branches are components.
  if (entry.contains("switch")) {
    for (const auto& branch : entry["switch"].at("heads")) {
      for (const auto& head : branch) add_component(card, kind, head);
    }
    return;
  }
  card.components.push_back({kind, entry.at("type"), entry.value("version", ""), entry.value("plugin", ""),
                             entry.value("plugin_version", "")});
}

}  // namespace

ModelCard model_card(const json& manifest) {
  ModelCard card;
  card.name = manifest.value("name", "");
  card.kindred_version = KINDRED_SDK_VERSION;
  card.manifest = json_text(manifest, 2);
  const auto search = search_traits(manifest);
  card.distance = search.distance;
  card.unit_length = search.unit_length;
  const auto metrics = manifest.value("metrics", json::object());
  for (const auto& [side, values] : metrics.items()) {
    for (const auto& [name, value] : values.items()) {
      if (value.is_number()) card.metrics[side + "." + name] = value.get<double>();
    }
  }
  for (const auto& [list, kind] :
       {std::pair{"encoders", "encoder"}, {"transforms", "transform"}, {"heads", "head"}}) {
    for (const auto& entry : manifest.at(list)) add_component(card, kind, entry);
  }
  return card;
}

}  // namespace kindred::host
