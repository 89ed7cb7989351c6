#include "tokenizer_files.hpp"

#include <algorithm>
#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::string type_of(const json& part) {
  return part.is_object() && part.contains("type") ? json_text(part["type"]) : "nothing";
}

/// A part of tokenizer.json that must be BERT's.
const json& part_of(const JsonFile& file, const std::string& name, const std::string& type) {
  static const json none;
  const auto& part = file.has(name) ? file.object().at(name) : none;
  if (type_of(part) != "\"" + type + "\"") {
    throw Error(file.path() + " has " + type_of(part) + " as its " + name + ", expected \"" + type +
                "\", which BERT's tokenizer has; this encoder reads no other");
  }
  return part;
}

/// Converting what is none would be undefined.
int64_t whole_number(const JsonFile& file, const json& value, const std::string& what) {
  if (!value.is_number_integer())
    throw Error(file.path() + " has " + json_text(value) + " for " + what + ", expected a whole number");
  return value.get<int64_t>();
}

void read_tokenizer_json(const JsonFile& file, TokenizerSettings& settings) {
  try {
    const auto& model = part_of(file, "model", "WordPiece");
    for (const auto& [token, number] : model.at("vocab").items()) {
      settings.vocabulary[token] = whole_number(file, number, "the token \"" + token + "\"");
    }
    settings.pieces.unknown = model.value("unk_token", settings.pieces.unknown);
    settings.pieces.continuation = model.value("continuing_subword_prefix", settings.pieces.continuation);
    if (model.contains("max_input_chars_per_word")) {
      const auto longest =
          whole_number(file, model["max_input_chars_per_word"], "\"max_input_chars_per_word\"");
      settings.pieces.longest_word = static_cast<size_t>(std::max<int64_t>(longest, 0));
    }

    const auto& normalizer = part_of(file, "normalizer", "BertNormalizer");
    auto& target = settings.normalizer;
    target.clean_text = normalizer.value("clean_text", target.clean_text);
    target.separate_ideographs = normalizer.value("handle_chinese_chars", target.separate_ideographs);
    target.lower_case = normalizer.value("lowercase", target.lower_case);
    const auto strip = normalizer.value("strip_accents", json());
    if (strip.is_boolean()) target.strip_accents = strip.get<bool>();

    part_of(file, "pre_tokenizer", "BertPreTokenizer");
    for (const auto& token : file.object().value("added_tokens", json::array())) {
      const auto content = token.at("content").get<std::string>();
      for (const auto* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
        if (!token.value(flag, false)) continue;
        throw Error(
            file.path() + " has the added token \"" + content + "\" with \"" + flag +
            "\", which this encoder does not know; expected tokens that are found as they are written");
      }
      settings.vocabulary[content] = whole_number(file, token.at("id"), "the token \"" + content + "\"");
      settings.literal.push_back(content);
    }
  } catch (const json::exception& error) {
    throw Error(file.path() + " is no tokenizer of Hugging Face's: " + error.what());
  }
}

}  // namespace

Vocabulary read_vocabulary(const std::string& path) {
  const auto bytes = text_content(read_file(path), path);
  Vocabulary vocabulary;
  int64_t number = 0;
  for (size_t begin = 0; begin < bytes.size(); ++number) {
    const auto end = std::min(bytes.find('\n', begin), bytes.size());
    auto token = bytes.substr(begin, end - begin);
    if (!token.empty() && token.back() == '\r') token.pop_back();
    vocabulary[token] = number;  // of two equal ones the last counts
    begin = end + 1;
  }
  if (vocabulary.empty()) throw Error(path + " is empty, expected a token on each line");
  return vocabulary;
}

TokenizerSettings read_tokenizer(const std::string& folder, bool lower_case) {
  const auto place = [&](const char* name) { return (fs::path(folder) / name).string(); };
  TokenizerSettings settings;
  const bool has_list = fs::exists(place("vocab.txt"));
  if (has_list) {
    settings.vocabulary = read_vocabulary(place("vocab.txt"));
  } else if (fs::exists(place("tokenizer.json"))) {
    read_tokenizer_json(JsonFile(place("tokenizer.json")), settings);
  } else {
    throw Error(folder +
                " has neither vocab.txt nor tokenizer.json, expected the vocabulary of BERT's tokenizer "
                "in one of them; download the folder again");
  }

  const auto config = JsonFile::if_present(place("tokenizer_config.json"));
  auto& normalizer = settings.normalizer;
  normalizer.lower_case = config.boolean("do_lower_case", normalizer.lower_case);
  normalizer.separate_ideographs = config.boolean("tokenize_chinese_chars", normalizer.separate_ideographs);
  if (const auto strip = config.boolean_if_present("strip_accents")) normalizer.strip_accents = strip;
  // Asking for lower case in sentence_bert_config.json does not ask for stripped accents.
  if (!normalizer.strip_accents) normalizer.strip_accents = normalizer.lower_case;
  normalizer.lower_case = normalizer.lower_case || lower_case;

  settings.pieces.unknown = config.token("unk_token", settings.pieces.unknown);
  settings.first = config.token("cls_token", settings.first);
  settings.last = config.token("sep_token", settings.last);
  settings.padding = config.token("pad_token", settings.padding);
  settings.literal.insert(settings.literal.end(), {settings.pieces.unknown, settings.first, settings.last,
                                                   settings.padding, config.token("mask_token", "[MASK]")});
  if (has_list) {
    const auto added = JsonFile::if_present(place("added_tokens.json"));
    for (const auto& [token, id] : added.object().items()) {
      if (!id.is_number_integer()) throw Error(added.path() + " has no number for \"" + token + "\"");
      settings.vocabulary[token] = id.get<int64_t>();
      settings.literal.push_back(token);
    }
  }
  return settings;
}

}  // namespace kindred
