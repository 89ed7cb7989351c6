#include "folder_keys.hpp"

#include <map>

#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred {

void refuse_key(const JsonFile& file, const std::string& key, const std::string& given,
                const std::string& expected) {
  throw Error(file.path() + " has \"" + key + "\" as " + given + ", expected " + expected);
}

int64_t size_of(const JsonFile& file, const char* key, int64_t otherwise, int64_t least) {
  if (!file.has(key)) return otherwise;
  const auto& given = file.object().at(key);
  const bool pair = given.is_array() && given.size() == 2 && given[0] == given[1];
  const auto& value = pair ? given[0] : given;
  const bool fits =
      value.is_number_integer() && value.get<int64_t>() >= least && value.get<int64_t>() <= kLargestSize;
  if (!fits) {
    refuse_key(file, key, json_text(given),
               "a whole number from " + std::to_string(least) + " to " + std::to_string(kLargestSize) +
                   ", or two equal ones");
  }
  return value.get<int64_t>();
}

namespace {

nn::Activation activation_of(const JsonFile& file, const char* otherwise) {
  using nn::Activation;
  static const std::map<std::string, Activation> known = {{"gelu", Activation::gelu},
                                                          {"gelu_new", Activation::gelu_tanh},
                                                          {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                                          {"quick_gelu", Activation::gelu_sigmoid},
                                                          {"relu", Activation::relu},
                                                          {"silu", Activation::silu}};
  const auto name = file.text("hidden_act", otherwise);
  const auto it = known.find(name);
  if (it == known.end()) {
    refuse_key(file, "hidden_act", "\"" + name + "\"",
               "gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu or silu");
  }
  return it->second;
}

}  // namespace

VisionTransformerConfig common_config(const JsonFile& file, const FamilyDefaults& defaults) {
  VisionTransformerConfig config;
  config.width = size_of(file, "hidden_size", defaults.width);
  config.depth = size_of(file, "num_hidden_layers", 12);
  config.heads = size_of(file, "num_attention_heads", defaults.width / 64);
  config.patch_size = size_of(file, "patch_size", defaults.patch_size);
  config.image_size = size_of(file, "image_size", 224);
  config.activation = activation_of(file, defaults.activation);
  config.epsilon = file.number("layer_norm_eps", defaults.epsilon);
  const auto channels = size_of(file, "num_channels", 3);
  if (channels != 3) refuse_key(file, "num_channels", std::to_string(channels), "3: pictures are RGB here");
  return config;
}

}  // namespace kindred
