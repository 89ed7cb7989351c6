#include "convnext_folder.hpp"

#include <algorithm>
#include <filesystem>

#include "convnext_variants.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int64_t kLargestSize = 1 << 16;  ///< of widths and depths; beyond it is a damaged file

[[noreturn]] void refuse(const JsonFile& file, const std::string& key, const std::string& expected) {
  throw Error(file.path() + " has \"" + key + "\" as " + json_text(file.object().value(key, json())) +
              ", expected " + expected);
}

/// A folder that timm made names the network, and nothing of its sizes.
ConvNextConfig of_timm(const JsonFile& file) {
  constexpr const char* kKey = "architecture";
  const auto name = file.text(kKey, "");
  const auto known = convnext_variants();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    refuse(file, kKey,
           "one of the variants that `host describe convnext` lists; other networks can be traced for "
           "kindred.torchscript");
  }
  const auto arguments = file.section("model_args");
  for (const auto& [key, value] : arguments.object().items()) {
    // What an embedding is does not depend on these.
    constexpr const char* kHarmless[] = {"in_chans", "num_classes", "global_pool", "drop_path_rate",
                                         "drop_rate"};
    if (std::find(std::begin(kHarmless), std::end(kHarmless), key) == std::end(kHarmless))
      refuse(arguments, key, "no such key: the network is taken as it is published");
  }
  return convnext_variant(name);
}

void take_sizes(const JsonFile& file, const char* key, std::array<int64_t, kConvNextStages>& sizes) {
  if (!file.has(key)) return;
  const auto& given = file.object().at(key);
  bool fits = given.is_array() && given.size() == sizes.size();
  for (size_t i = 0; fits && i < sizes.size(); ++i) {
    fits = given[i].is_number_integer() && given[i] >= 1 && given[i] <= kLargestSize;
    if (fits) sizes[i] = given[i].get<int64_t>();
  }
  if (!fits) refuse(file, key, "four whole numbers from 1 to " + std::to_string(kLargestSize));
}

/// Says whether a key is missing, or has this value.
bool is(const JsonFile& file, const char* key, const json& value) {
  return !file.has(key) || file.object().at(key) == value;
}

ConvNextConfig of_transformers(const JsonFile& file, const std::string& type) {
  auto config = convnext_variant("convnext_tiny");
  config.response_norm = type == "convnextv2";
  take_sizes(file, "depths", config.depths);
  take_sizes(file, "hidden_sizes", config.widths);
  config.initial_scale = file.number("layer_scale_init_value", config.initial_scale);
  if (type == "dinov3_convnext") {
    config.epsilon = config.last_epsilon = file.number("layer_norm_eps", 1e-6);
  } else {
    config.last_epsilon = file.number("layer_norm_eps", 1e-12);
    if (!is(file, "patch_size", 4) && !is(file, "patch_size", {4, 4})) refuse(file, "patch_size", "4");
    if (config.response_norm == false && config.initial_scale <= 0)
      refuse(file, "layer_scale_init_value", "more than 0, such as 1e-6");
  }
  if (!is(file, "num_channels", 3)) refuse(file, "num_channels", "3: pictures are RGB here");
  if (!is(file, "num_stages", kConvNextStages)) refuse(file, "num_stages", "4");
  if (!is(file, "hidden_act", "gelu")) refuse(file, "hidden_act", "\"gelu\"");
  return config;
}

}  // namespace

ConvNextConfig read_convnext_folder(const std::string& folder) {
  const auto path = (fs::path(folder) / "config.json").string();
  if (!fs::exists(path)) {
    throw Error(folder +
                " has no config.json, expected the folder of a ConvNeXt as Hugging Face gives it; for a "
                "single file of weights give \"weights\" and \"variant\" instead");
  }
  const JsonFile file(path);
  if (file.has("architecture")) return of_timm(file);
  const auto type = file.text("model_type", "");
  if (type != "convnext" && type != "convnextv2" && type != "dinov3_convnext") {
    refuse(file, "model_type",
           "convnext, convnextv2 or dinov3_convnext; other networks can be traced for kindred.torchscript");
  }
  return of_transformers(file, type);
}

}  // namespace kindred
