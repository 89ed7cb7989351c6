#include "bert_config.hpp"

#include <filesystem>
#include <map>

#include "config_size.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"

namespace kindred {
namespace {

int64_t size_of(const JsonFile& file, const char* key, int64_t largest = kLargestSize) {
  return checked_size(file, key, file.integer(key), largest);
}

double dropout_of(const JsonFile& file, const char* key) {
  const auto value = file.number(key, 0.1);
  if (value >= 0 && value < 1) return value;
  throw Error(file.path() + " has \"" + key + "\" as " + std::to_string(value) +
              ", expected 0 to less than 1");
}

void expect(const JsonFile& file, const char* key, const std::string& expected) {
  const auto given = file.text(key, expected);
  if (given == expected) return;
  throw Error(
      file.path() + " has \"" + key + "\" as \"" + given + "\", expected \"" + expected +
      "\": this encoder computes BERT alone; other networks can be traced for kindred.torchscript_text");
}

}  // namespace

BertConfig read_bert_config(const std::string& folder) {
  const auto path = (std::filesystem::path(folder) / "config.json").string();
  if (!std::filesystem::exists(path)) {
    throw Error(folder + " has no config.json, expected the folder of a BERT as Hugging Face gives it");
  }
  const JsonFile file(path);
  expect(file, "model_type", "bert");
  expect(file, "position_embedding_type", "absolute");
  BertConfig config;
  config.vocabulary = size_of(file, "vocab_size");
  config.hidden = size_of(file, "hidden_size");
  config.layers = size_of(file, "num_hidden_layers", kMostLayers);
  config.heads = size_of(file, "num_attention_heads");
  config.intermediate = size_of(file, "intermediate_size");
  config.positions = size_of(file, "max_position_embeddings");
  config.types = file.has("type_vocab_size") ? size_of(file, "type_vocab_size") : 2;
  if (config.hidden % config.heads != 0) {
    throw Error(path + " has \"hidden_size\" as " + std::to_string(config.hidden) + ", which " +
                std::to_string(config.heads) + " attention heads do not divide");
  }
  if (config.positions < 2) throw Error(path + " has room for one token, expected two at least");

  using nn::Activation;
  static const std::map<std::string, Activation> known = {{"gelu", Activation::gelu},
                                                          {"gelu_new", Activation::gelu_tanh},
                                                          {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                                          {"relu", Activation::relu}};
  const auto activation = file.text("hidden_act", "gelu");
  const auto it = known.find(activation);
  if (it == known.end()) {
    throw Error(path + " has \"hidden_act\" as \"" + activation + "\", expected gelu, gelu_new or relu");
  }
  config.activation = it->second;
  config.epsilon = file.number("layer_norm_eps", config.epsilon);
  config.hidden_dropout = dropout_of(file, "hidden_dropout_prob");
  config.attention_dropout = dropout_of(file, "attention_probs_dropout_prob");
  config.initial_deviation = file.number("initializer_range", config.initial_deviation);
  return config;
}

}  // namespace kindred
