#include "published_variants.hpp"

#include <map>

#include <nlohmann/json.hpp>

#include "kindred/error.hpp"

namespace kindred {
using nlohmann::json;
namespace {

struct Size {
  const char* name;
  int64_t width, depth, heads, mlp_width;
};
constexpr Size kSizes[] = {{"tiny", 192, 12, 3, 768},        {"small", 384, 12, 6, 1536},
                           {"base", 768, 12, 12, 3072},      {"large", 1024, 24, 16, 4096},
                           {"so400m", 1152, 27, 16, 4304},   {"huge", 1280, 32, 16, 5120},
                           {"giant", 1408, 40, 16, 6144},    {"giantopt", 1536, 40, 16, 6144},
                           {"gigantic", 1664, 48, 16, 8192}, {"swiglu_giant", 1536, 40, 24, 4096},
                           {"small_plus", 384, 12, 6, 1536}, {"huge_plus", 1280, 32, 20, 5120}};

enum class Family { vit, clip, clip_quickgelu, siglip, siglip_gap };

/// Several variants of timm that differ in the size of pictures alone.
struct Row {
  const char* size;
  int64_t patch_size;
  Family family;
  std::vector<int64_t> image_sizes;
  bool tanh = false;  ///< their gelu is the approximation by tanh
};

std::vector<Row> timm_rows() {
  using F = Family;
  return {{"tiny", 16, F::vit, {224, 384}},
          {"small", 8, F::vit, {224}},
          {"small", 16, F::vit, {224, 384}},
          {"small", 32, F::vit, {224, 384}},
          {"base", 8, F::vit, {224}},
          {"base", 16, F::vit, {224, 384}},
          {"base", 32, F::vit, {224, 384}},
          {"large", 14, F::vit, {224}},
          {"large", 16, F::vit, {224, 384}},
          {"large", 32, F::vit, {224, 384}},
          {"huge", 14, F::vit, {224}},
          {"giant", 14, F::vit, {224}},
          {"gigantic", 14, F::vit, {224}},
          {"base", 16, F::clip, {224, 384}},
          {"base", 32, F::clip, {224, 256, 384, 448}},
          {"large", 14, F::clip, {224, 336}},
          {"huge", 14, F::clip, {224, 336, 378}},
          {"giant", 14, F::clip, {224}},
          {"gigantic", 14, F::clip, {224, 378}},
          {"base", 16, F::clip_quickgelu, {224}},
          {"base", 32, F::clip_quickgelu, {224}},
          {"large", 14, F::clip_quickgelu, {224, 336}},
          {"huge", 14, F::clip_quickgelu, {224, 378}},
          {"gigantic", 14, F::clip_quickgelu, {224}},
          {"base", 16, F::siglip, {224, 256, 384, 512}},
          {"base", 32, F::siglip, {256}, true},
          {"large", 16, F::siglip, {256, 384}},
          {"large", 16, F::siglip, {512}, true},
          {"so400m", 14, F::siglip, {224, 378, 384}},
          {"so400m", 16, F::siglip, {256, 384, 512}, true},
          {"giantopt", 16, F::siglip, {256, 384}, true},
          {"base", 16, F::siglip_gap, {224, 256, 384, 512}},
          {"base", 32, F::siglip_gap, {256}, true},
          {"large", 16, F::siglip_gap, {256, 384}},
          {"large", 16, F::siglip_gap, {512}, true},
          {"so400m", 14, F::siglip_gap, {224, 378, 384, 448, 896}},
          {"so400m", 16, F::siglip_gap, {256, 384, 512}, true},
          {"giantopt", 16, F::siglip_gap, {256, 384}, true}};
}

VisionTransformerConfig sized(const std::string& name, int64_t patch_size, int64_t image_size) {
  VisionTransformerConfig config;
  for (const auto& size : kSizes) {
    if (name != size.name) continue;
    config.width = size.width;
    config.depth = size.depth;
    config.heads = size.heads;
    config.mlp_width = config.pooling_mlp_width = size.mlp_width;
  }
  config.patch_size = patch_size;
  config.image_size = image_size;
  config.resampling = Resampling::antialiased;
  return config;
}

StoredNetwork timm_network(const Row& row, int64_t image_size) {
  auto config = sized(row.size, row.patch_size, image_size);
  if (row.tanh) config.activation = config.pooling_activation = nn::Activation::gelu_tanh;
  if (row.family == Family::clip || row.family == Family::clip_quickgelu) {
    if (row.family == Family::clip_quickgelu) config.activation = nn::Activation::gelu_sigmoid;
    config.norm_before_blocks = true;
    config.patch_bias = false;
    config.epsilon = 1e-5;
  }
  const bool head = row.family == Family::siglip;
  if (head || row.family == Family::siglip_gap) {
    config.class_token = false;
    config.positions = Positions::table_of_patches;
    config.pooling = head ? TokenPooling::attention : TokenPooling::mean;
  }
  return {config, timm_names(), head};
}

std::string timm_name(const Row& row, int64_t image_size) {
  static const std::map<Family, std::string> words = {{Family::vit, ""},
                                                      {Family::clip, "_clip"},
                                                      {Family::clip_quickgelu, "_clip_quickgelu"},
                                                      {Family::siglip, "_siglip"},
                                                      {Family::siglip_gap, "_siglip_gap"}};
  return std::string("vit_") + row.size + "_patch" + std::to_string(row.patch_size) + words.at(row.family) +
         "_" + std::to_string(image_size);
}

/// DINOv2 (Oquab et al. 2023), by timm's names or its own. timm adds the class token's position to the token
/// where there are registers.
StoredNetwork published_dinov2(const std::string& size, bool registers, bool by_timm) {
  const bool gated = size == "giant";
  auto config = sized(gated ? "swiglu_giant" : size, 14, 518);
  config.layer_scale = true;
  config.initial_scale = 1e-5;
  config.gated_mlp = gated;
  if (gated) config.activation = nn::Activation::silu;
  if (registers) config.registers = 4;
  if (registers && by_timm) config.positions = Positions::table_of_patches;
  if (!registers && !by_timm) config.resampling = Resampling::offset;
  return {config, by_timm ? timm_names() : original_dinov2_names(gated)};
}

/// DINOv3 (Simeoni et al. 2025) by timm's names. `biases`: its queries and values have them. The embedding is
/// the class token, as DINOv3's own code gives it, where timm takes the mean.
StoredNetwork published_dinov3(const std::string& size, bool biases) {
  auto config = sized(size, 16, 256);
  config.gated_mlp = size == "small_plus" || size == "huge_plus";
  if (config.gated_mlp) config.activation = nn::Activation::silu;
  config.query_bias = config.value_bias = biases;
  config.key_bias = false;
  config.layer_scale = true;
  config.initial_scale = 1e-5;
  config.registers = 4;
  config.epsilon = 1e-5;
  config.positions = Positions::rotary;
  return {config, timm_dinov3_names(config.gated_mlp)};
}

const std::map<std::string, StoredNetwork>& all_variants() {
  static const auto all = [] {
    std::map<std::string, StoredNetwork> made;
    for (const auto& row : timm_rows()) {
      for (const auto size : row.image_sizes) made.emplace(timm_name(row, size), timm_network(row, size));
    }
    for (const std::string size : {"small", "base", "large", "giant"}) {
      const auto letter = size.substr(0, 1);
      for (const bool registers : {false, true}) {
        made.emplace("vit_" + size + "_patch14_" + (registers ? "reg4_" : "") + "dinov2",
                     published_dinov2(size, registers, true));
        made.emplace("dinov2_vit" + letter + "14" + (registers ? "_reg" : ""),
                     published_dinov2(size, registers, false));
      }
    }
    for (const std::string size : {"small", "small_plus", "base", "large", "huge_plus"}) {
      made.emplace("vit_" + size + "_patch16_dinov3", published_dinov3(size, false));
      made.emplace("vit_" + size + "_patch16_dinov3_qkvb", published_dinov3(size, true));
    }
    return made;
  }();
  return all;
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

std::vector<std::string> published_variants() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : all_variants()) names.push_back(name);
  return names;
}

StoredNetwork published_variant(const std::string& name) {
  const auto it = all_variants().find(name);
  if (it != all_variants().end()) return it->second;
  throw Error("there is no variant \"" + name + "\"; give one of those that `host describe vit` lists");
}

std::string transforms_of_variant(const std::string& name) {
  const auto side = published_variant(name).config.image_size;
  const json resize = {
      {"type", "kindred.resize"}, {"width", side}, {"height", side}, {"interpolation", "bicubic"}};
  json normalize = {{"type", "kindred.normalize"}, {"mean", {0.5, 0.5, 0.5}}, {"std", {0.5, 0.5, 0.5}}};
  if (contains(name, "_clip_")) {
    normalize["mean"] = {0.48145466, 0.4578275, 0.40821073};
    normalize["std"] = {0.26862954, 0.26130258, 0.27577711};
  } else if (contains(name, "dinov") || name == "vit_small_patch8_224") {
    normalize["mean"] = {0.485, 0.456, 0.406};
    normalize["std"] = {0.229, 0.224, 0.225};
  }
  return json::array({resize, normalize}).dump();
}

std::map<std::string, std::vector<std::string>> variants_by_transforms() {
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& name : published_variants()) names[transforms_of_variant(name)].push_back(name);
  return names;
}

}  // namespace kindred
