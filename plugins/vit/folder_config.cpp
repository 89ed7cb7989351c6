#include "folder_config.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "folder_families.hpp"
#include "folder_keys.hpp"
#include "folder_towers.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"
#include "kindred/io/json_text.hpp"
#include "published_variants.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

/// A folder that timm made names the network, and nothing of its sizes.
StoredNetwork of_timm(const JsonFile& file) {
  const auto name = file.text("architecture", "");
  const auto known = published_variants();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    refuse_key(file, "architecture", "\"" + name + "\"",
               "one of the variants that `host describe vit` lists; other networks can be traced for "
               "kindred.torchscript");
  }
  auto stored = published_variant(name);
  const auto arguments = file.section("model_args");
  for (const auto& [key, value] : arguments.object().items()) {
    // What the network computes depends on the first alone.
    constexpr const char* kHarmless[] = {"img_size",        "in_chans",    "dynamic_img_size",
                                         "strict_img_size", "num_classes", "global_pool"};
    if (std::find(std::begin(kHarmless), std::end(kHarmless), key) == std::end(kHarmless))
      refuse_key(arguments, key, json_text(value), "no such key: the network is taken as it is published");
  }
  stored.config.image_size = size_of(arguments, "img_size", stored.config.image_size);
  return stored;
}

using Reader = std::function<StoredNetwork(const JsonFile&)>;
const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> all = {
      {"dinov2", [](const JsonFile& file) { return dinov2_network(file, false); }},
      {"dinov2_with_registers", [](const JsonFile& file) { return dinov2_network(file, true); }},
      {"dinov3_vit", dinov3_network},
      {"vit", plain_vit_network},
      {"clip", whole_clip_network},
      {"clip_vision_model", clip_tower_network},
      {"siglip", whole_siglip_network},
      {"siglip2", whole_siglip_network},
      {"siglip_vision_model", siglip_tower_network},
      {"siglip2_vision_model", naflex_network}};
  return all;
}

}  // namespace

StoredNetwork read_vision_folder(const std::string& folder) {
  const auto path = (fs::path(folder) / "config.json").string();
  if (!fs::exists(path)) {
    throw Error(folder +
                " has no config.json, expected the folder of a vision transformer as Hugging Face gives "
                "it; for a single file of weights give \"weights\" and \"variant\" instead");
  }
  const JsonFile file(path);
  if (file.has("architecture")) return of_timm(file);
  const auto type = file.text("model_type", "");
  const auto it = readers().find(type);
  if (it == readers().end()) {
    refuse_key(file, "model_type", "\"" + type + "\"",
               "dinov2, dinov2_with_registers, dinov3_vit, vit, clip, clip_vision_model, siglip or "
               "siglip_vision_model; other networks can be traced for kindred.torchscript");
  }
  return it->second(file);
}

}  // namespace kindred
