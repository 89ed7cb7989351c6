#include "sentence_folder.hpp"

#include <algorithm>
#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

struct NamedPooling {
  const char *flag, *name;
  Pooling mode;
};
/// They are in the order in which sentence-transformers puts them beside each other.
constexpr NamedPooling kPoolings[] = {
    {"pooling_mode_cls_token", "cls", Pooling::cls},
    {"pooling_mode_max_tokens", "max", Pooling::max},
    {"pooling_mode_mean_tokens", "mean", Pooling::mean},
    {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::mean_sqrt_length}};

[[noreturn]] void refuse_pooling(const JsonFile& file, const std::string& mode) {
  throw Error(file.path() + " asks for the pooling " + mode +
              ", expected cls, max, mean or mean_sqrt_len_tokens, which are what this encoder computes");
}

Pooling pooling_named(const JsonFile& file, const json& name) {
  for (const auto& one : kPoolings) {
    if (name == one.name) return one.mode;
  }
  refuse_pooling(file, json_text(name));
}

/// "pooling_mode" (a name or several) in new files, a flag for each in old ones.
std::vector<Pooling> pooling_of(const JsonFile& file) {
  std::vector<Pooling> modes;
  if (file.has("pooling_mode")) {
    const auto& given = file.object().at("pooling_mode");
    for (const auto& name : given.is_array() ? given : json::array({given})) {
      modes.push_back(pooling_named(file, name));
    }
  } else {
    for (const auto& one : kPoolings) {
      if (file.boolean(one.flag, false)) modes.push_back(one.mode);
    }
    for (const auto* flag : {"pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"}) {
      if (file.boolean(flag, false)) refuse_pooling(file, flag);
    }
  }
  if (modes.empty()) modes.push_back(Pooling::mean);
  return modes;
}

/// "sentence_transformers.models.Pooling" and its newer names alike.
std::string short_type(const json& module) {
  const auto type = module.contains("type") && module["type"].is_string() ? module["type"] : json("");
  const auto text = type.get<std::string>();
  return text.substr(text.rfind('.') + 1);
}

/// Whoever opens a folder, or copies it, counts on all of the model being in it.
std::string home_of(const json& module, const std::string& folder, const std::string& list) {
  const auto relative = module.contains("path") && module["path"].is_string() ? module["path"] : json("");
  const fs::path home = relative.get<std::string>();
  const bool inside = home.is_relative() && std::find(home.begin(), home.end(), "..") == home.end();
  if (!inside)
    throw Error(list + " names the path " + json_text(relative) + ", which leaves its folder; refused");
  return (fs::path(folder) / home).string();
}

/// Transformer, Pooling and perhaps Normalize, in this order.
void read_modules(const std::string& folder, SentenceFolder& found) {
  const auto path = (fs::path(folder) / "modules.json").string();
  const auto modules = read_json(path);
  const std::vector<std::string> expected = {"Transformer", "Pooling", "Normalize"};
  size_t place = 0;
  if (!modules.is_array()) throw Error(path + " is no list of modules; download it again");
  for (const auto& module : modules) {
    const auto type = module.is_object() ? short_type(module) : json_text(module);
    if (place >= expected.size() || type != expected[place]) {
      throw Error(path + " has the module " + type + " at place " + std::to_string(place + 1) +
                  ", expected Transformer, Pooling and, if at all, Normalize; trace others for "
                  "kindred.torchscript_text, or add them as heads");
    }
    const auto home = home_of(module, folder, path);
    if (type == "Transformer") found.transformer = home;
    if (type == "Pooling") {
      const JsonFile config((fs::path(home) / "config.json").string());
      found.pooling = pooling_of(config);
      found.pools_prompt = config.boolean("include_prompt", true);
    }
    if (type == "Normalize") {
      const auto config = JsonFile::if_present((fs::path(home) / "config.json").string());
      if (config.text("module_input_name", "sentence_embedding") != "sentence_embedding") {
        throw Error(config.path() + " normalises something else than the sentence's embedding");
      }
      found.normalize = true;
    }
    ++place;
  }
  if (place < 2)
    throw Error(path + " lists " + std::to_string(place) + " modules, expected Transformer and Pooling");
}

std::string default_prompt(const std::string& folder) {
  const auto config = JsonFile::if_present((fs::path(folder) / "config_sentence_transformers.json").string());
  const auto name = config.text("default_prompt_name", "");
  if (name.empty()) return "";
  const auto prompts = config.object().value("prompts", json::object());
  if (!prompts.is_object() || !prompts.contains(name) || !prompts[name].is_string()) {
    throw Error(config.path() + " has no prompt \"" + name + "\", which \"default_prompt_name\" names");
  }
  return prompts[name].get<std::string>();
}

/// What texts are cut to: sentence-transformers' own figure, or the tokenizer's.
int64_t longest_of(const std::string& folder, const JsonFile& sentence, const BertConfig& config) {
  const auto positions = static_cast<double>(config.positions);
  const auto tokenizer = JsonFile::if_present((fs::path(folder) / "tokenizer_config.json").string());
  const auto limit = sentence.has("max_seq_length") ? sentence.number("max_seq_length", positions)
                                                    : tokenizer.number("model_max_length", positions);
  return static_cast<int64_t>(std::clamp(limit, 0.0, positions));  // "no limit" is written as 1e30
}

}  // namespace

SentenceFolder read_sentence_folder(const std::string& folder) {
  SentenceFolder found;
  found.transformer = folder;
  found.prompt = default_prompt(folder);
  if (fs::exists(fs::path(folder) / "modules.json")) read_modules(folder, found);
  found.config = read_bert_config(found.transformer);
  const auto sentence =
      JsonFile::if_present((fs::path(found.transformer) / "sentence_bert_config.json").string());
  found.lower_case = sentence.boolean("do_lower_case", false);
  found.longest = longest_of(found.transformer, sentence, found.config);
  if (found.longest < 2) {
    throw Error(found.transformer + " cuts texts to " + std::to_string(found.longest) +
                " tokens, expected 2 at least; correct \"max_seq_length\" in sentence_bert_config.json");
  }
  return found;
}

}  // namespace kindred
