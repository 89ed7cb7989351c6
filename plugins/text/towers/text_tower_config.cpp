#include "text_tower_config.hpp"

#include <filesystem>
#include <map>
#include <vector>

#include "config_size.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"

namespace kindred {
namespace {

constexpr int64_t kFirstEnd = 2;  // what the first CLIPs say of their end, wrongly

/// What transformers takes for keys that are missing.
struct Defaults {
  int64_t vocabulary, hidden, intermediate, heads, positions;
  const char* activation;
  double epsilon;
};
constexpr Defaults kClip = {49408, 512, 2048, 8, 77, "quick_gelu", 1e-5};
constexpr Defaults kSiglip = {32000, 768, 3072, 12, 64, "gelu_pytorch_tanh", 1e-6};

int64_t size_or(const JsonFile& file, const char* key, int64_t otherwise, int64_t largest = kLargestSize) {
  return checked_size(file, key, file.integer_if_present(key).value_or(otherwise), largest);
}

nn::Activation activation_of(const JsonFile& file, const char* otherwise) {
  using nn::Activation;
  static const std::map<std::string, Activation> known = {{"gelu", Activation::gelu},
                                                          {"gelu_new", Activation::gelu_tanh},
                                                          {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                                          {"quick_gelu", Activation::gelu_sigmoid},
                                                          {"relu", Activation::relu}};
  const auto name = file.text("hidden_act", otherwise);
  const auto it = known.find(name);
  if (it != known.end()) return it->second;
  throw Error(file.path() + " has \"hidden_act\" as \"" + name +
              "\", expected gelu, gelu_new, gelu_pytorch_tanh, quick_gelu or relu");
}

TextTowerConfig common_config(const JsonFile& file, const Defaults& defaults) {
  TextTowerConfig config;
  config.vocabulary = size_or(file, "vocab_size", defaults.vocabulary);
  config.hidden = size_or(file, "hidden_size", defaults.hidden);
  config.layers = size_or(file, "num_hidden_layers", 12, kMostLayers);
  config.heads = size_or(file, "num_attention_heads", defaults.heads);
  config.intermediate = size_or(file, "intermediate_size", defaults.intermediate);
  config.positions = size_or(file, "max_position_embeddings", defaults.positions);
  config.activation = activation_of(file, defaults.activation);
  config.epsilon = file.number("layer_norm_eps", defaults.epsilon);
  config.initial_deviation = file.number("initializer_range", config.initial_deviation);
  if (config.hidden % config.heads != 0 || config.hidden < 2) {
    throw Error(file.path() + " has \"hidden_size\" as " + std::to_string(config.hidden) + ", which " +
                std::to_string(config.heads) + " attention heads do not divide");
  }
  if (config.positions < 3)
    throw Error(file.path() + " has \"max_position_embeddings\" as " + std::to_string(config.positions) +
                ", expected 3 at least, for a token between those that begin and end a text");
  return config;
}

JsonFile read_config(const std::string& folder, const std::string& what) {
  const auto path = (std::filesystem::path(folder) / "config.json").string();
  if (std::filesystem::exists(path)) return JsonFile(path);
  throw Error(folder + " has no config.json, expected the folder of a " + what + " as Hugging Face gives it");
}

/// The tower's part of a whole model. Old files say some of it under "text_config_dict".
JsonFile text_part(const JsonFile& file) {
  if (!file.has("text_config_dict")) return file.section("text_config");
  return file.section("text_config").updated_by(file.section("text_config_dict"));
}

[[noreturn]] void refuse_type(const JsonFile& file, const std::string& type, const std::string& expected) {
  throw Error(file.path() + " has \"model_type\" as \"" + type + "\", expected " + expected);
}

bool names_architecture(const JsonFile& file, const char* name) {
  if (!file.has("architectures") || !file.object().at("architectures").is_array()) return false;
  for (const auto& one : file.object().at("architectures")) {
    if (one == name) return true;
  }
  return false;
}

}  // namespace

TextTowerConfig read_clip_text_config(const std::string& folder) {
  const auto file = read_config(folder, "CLIP");
  const auto type = file.text("model_type", "");
  const bool whole = type == "clip";
  if (!whole && type != "clip_text_model")
    refuse_type(file, type, "\"clip\" or \"clip_text_model\"; \"siglip_text\" reads SigLIP");
  const auto part = whole ? text_part(file) : file;
  auto config = common_config(part, kClip);
  // A tower that was stored alone has its projection where it was stored with it.
  if (whole || names_architecture(file, "CLIPTextModelWithProjection"))
    config.projection = size_or(file, "projection_dim", 512);
  config.end = part.integer_if_present("eos_token_id").value_or(49407);
  config.pooling = config.end == kFirstEnd ? TowerPooling::highest : TowerPooling::first_end;
  return config;
}

TextTowerConfig read_siglip_text_config(const std::string& folder) {
  const auto file = read_config(folder, "SigLIP");
  const auto type = file.text("model_type", "");
  const bool whole = type == "siglip" || type == "siglip2";
  if (!whole && type != "siglip_text_model" && type != "siglip2_text_model") {
    refuse_type(
        file, type,
        "\"siglip\", \"siglip2\", \"siglip_text_model\" or \"siglip2_text_model\"; \"clip_text\" reads CLIP");
  }
  const auto part = whole ? text_part(file) : file;
  auto config = common_config(part, kSiglip);
  config.of_siglip = true;
  config.projection = size_or(part, "projection_size", config.hidden);
  config.pooling = TowerPooling::last;
  return config;
}

}  // namespace kindred
