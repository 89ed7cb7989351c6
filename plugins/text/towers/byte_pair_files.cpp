#include "byte_pair_files.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
using nlohmann::json;
namespace {

int64_t whole_number(const std::string& path, const json& value, const std::string& token) {
  // Two numbers of tokens are one key of 64 bits, and a negative one means that there is no token.
  constexpr uint64_t kLargest = UINT32_MAX;
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= kLargest
                                               : value.is_number_integer() && value.get<int64_t>() >= 0;
  if (fits) return value.get<int64_t>();
  throw Error(path + " has " + json_text(value) + " for the token \"" + token +
              "\", expected a whole number from 0 to " + std::to_string(kLargest) +
              "; download the file again");
}

Vocabulary vocabulary_of(const std::string& path, const json& object) {
  Vocabulary vocabulary;
  if (!object.is_object() || object.empty())
    throw Error(path + " has no vocabulary, expected an object of tokens and their numbers");
  for (const auto& [token, number] : object.items()) vocabulary[token] = whole_number(path, number, token);
  return vocabulary;
}

/// "i n" as it is written in lists; new files have ["i", "n"].
std::pair<std::string, std::string> merge_of(const std::string& path, const std::string& text) {
  const auto blank = text.find(' ');
  if (blank == std::string::npos || blank == 0 || blank + 1 == text.size()) {
    throw Error(path + " has the merge \"" + text + "\", expected two tokens with a blank between them");
  }
  return {text.substr(0, blank), text.substr(blank + 1)};
}

std::pair<std::string, std::string> merge_of(const std::string& path, const json& merge) {
  if (merge.is_string()) return merge_of(path, merge.get<std::string>());
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  throw Error(path + " has the merge " + json_text(merge) + ", expected two tokens");
}

void read_added_token(const JsonFile& file, const json& token, BytePairFiles& files) {
  const auto content = token.at("content").get<std::string>();
  for (const auto* flag : {"single_word", "lstrip", "rstrip"}) {
    if (!token.value(flag, false)) continue;
    throw Error(file.path() + " has the added token \"" + content + "\" with \"" + flag +
                "\", which this encoder does not know; expected tokens that are found as they are written");
  }
  auto& found = token.value("normalized", false) ? files.normalized : files.literal;
  found[content] = whole_number(file.path(), token.at("id"), content);
}

}  // namespace

int64_t number_of_token(const BytePairFiles& files, const std::string& token, const std::string& path) {
  for (const auto* tokens : {&files.literal, &files.normalized, &files.settings.vocabulary}) {
    const auto it = tokens->find(token);
    if (it != tokens->end()) return it->second;
  }
  throw Error(path + " has no token \"" + token + "\", which every text begins, ends or is filled up with");
}

int64_t largest_token(const BytePairFiles& files) {
  int64_t largest = 0;
  for (const auto* tokens : {&files.literal, &files.normalized, &files.settings.vocabulary}) {
    for (const auto& [token, id] : *tokens) largest = std::max(largest, id);
  }
  return largest;
}

BytePairFiles read_byte_pair_json(const JsonFile& file) {
  BytePairFiles files;
  const auto model = file.section("model");
  const auto type = model.text("type", "BPE");
  if (type != "BPE") {
    throw Error(file.path() + " has a model of the type \"" + type +
                "\", expected \"BPE\", a byte pair encoding, which is what this encoder reads of it");
  }
  if (model.boolean("ignore_merges", false)) {
    throw Error(
        model.path() +
        " has \"ignore_merges\" as true, expected false: this encoder joins the symbols of words that "
        "are tokens themselves, too");
  }
  const auto prefix = model.text("continuing_subword_prefix", "");
  if (!prefix.empty()) {
    throw Error(model.path() + " has \"continuing_subword_prefix\" as \"" + prefix +
                "\", expected \"\": this encoder knows symbols without a prefix");
  }
  try {
    files.settings.vocabulary = vocabulary_of(model.path(), model.object().value("vocab", json()));
    for (const auto& merge : model.object().at("merges"))
      files.settings.merges.push_back(merge_of(model.path(), merge));
    for (const auto& token : file.object().value("added_tokens", json::array()))
      read_added_token(file, token, files);
  } catch (const json::exception& error) {
    throw Error(file.path() + " is no tokenizer of Hugging Face's: " + error.what());
  }
  files.settings.unknown = model.text("unk_token", "");
  files.settings.end_of_word = model.text("end_of_word_suffix", "");
  files.settings.byte_fallback = model.boolean("byte_fallback", false);
  files.settings.joins_unknown = model.boolean("fuse_unk", false);
  return files;
}

BytePairFiles read_byte_pair_lists(const std::string& vocabulary, const std::string& merges) {
  BytePairFiles files;
  files.settings.vocabulary = vocabulary_of(vocabulary, read_json(vocabulary));
  files.settings.end_of_word = "</w>";
  const auto text = text_content(read_file(merges), merges);
  for (size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const bool is_version = begin == 0 && line.rfind("#version", 0) == 0;
    if (!line.empty() && !is_version) files.settings.merges.push_back(merge_of(merges, line));
    begin = end + 1;
  }
  return files;
}

}  // namespace kindred
