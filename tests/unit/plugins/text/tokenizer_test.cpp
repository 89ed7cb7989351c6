#include "tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden.hpp"
#include "tiny_folder.hpp"
#include "tokenizer_files.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

using ::testing::ElementsAre;
using testing::golden;
using ::testing::HasSubstr;
using testing::thrown;
using testing::TinyFolder;
using testing::variant_named;

BertTokenizer tiny_tokenizer(const nlohmann::json& expected, const std::string& variant = "mean") {
  const TinyFolder folder(expected, variant_named(expected, variant));
  return BertTokenizer(read_tokenizer(folder.path(), false));
}

TEST(Tokenizer, gives_what_transformers_gave) {
  const auto expected = golden("golden_tiny.json");
  for (const auto& variant : expected["variants"]) {
    const TinyFolder folder(expected, variant);
    const auto& sentence = variant["files"]["sentence_bert_config.json"];
    const BertTokenizer tokenizer(read_tokenizer(folder.path(), sentence["do_lower_case"]));
    for (size_t i = 0; i < expected["sentences"].size(); ++i) {
      EXPECT_EQ(tokenizer(expected["sentences"][i].get<std::string>(), sentence["max_seq_length"]),
                variant["ids"][i].get<std::vector<int64_t>>())
          << variant["name"] << " " << expected["sentences"][i];
    }
  }
}

TEST(Tokenizer, gives_the_tokens_of_minilm) {
  KINDRED_MINILM_OR_SKIP(folder);
  const auto expected = golden("golden_minilm.json");
  const BertTokenizer tokenizer(read_tokenizer(folder, false));
  for (size_t i = 0; i < expected["sentences"].size(); ++i) {
    EXPECT_EQ(tokenizer(expected["sentences"][i].get<std::string>(), 256),
              expected["ids"][i].get<std::vector<int64_t>>())
        << expected["sentences"][i];
  }
}

TEST(Tokenizer, reads_tokenizer_json_where_there_is_no_list) {
  const auto expected = golden("golden_tiny.json");
  const auto& variant = variant_named(expected, "cased");
  const TinyFolder folder(expected, variant);
  nlohmann::json vocabulary;
  for (size_t i = 0; i < expected["vocabulary"].size(); ++i) {
    vocabulary[expected["vocabulary"][i].get<std::string>()] = i;
  }
  nlohmann::json file = {
      {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", false}, {"strip_accents", nullptr}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"model", {{"type", "WordPiece"}, {"vocab", vocabulary}, {"unk_token", "[UNK]"}}},
      {"added_tokens", {{{"id", 4}, {"content", "[MASK]"}, {"normalized", false}}}}};
  folder.remove("vocab.txt");
  folder.remove("tokenizer_config.json");
  folder.write("tokenizer.json", file.dump());
  const BertTokenizer tokenizer(read_tokenizer(folder.path(), false));
  for (size_t i = 0; i < expected["sentences"].size(); ++i) {
    EXPECT_EQ(tokenizer(expected["sentences"][i].get<std::string>(), 16),
              variant["ids"][i].get<std::vector<int64_t>>());
  }

  const auto refusal = [&](const char* part, const nlohmann::json& value) {
    auto changed = file;
    changed[part] = value;
    folder.write("tokenizer.json", changed.dump());
    return thrown([&] { read_tokenizer(folder.path(), false); });
  };
  EXPECT_THAT(refusal("model", {{"type", "BPE"}}), HasSubstr("\"BPE\" as its model, expected \"WordPiece\""));
  EXPECT_THAT(refusal("normalizer", {{"type", "NFKC"}}), HasSubstr("expected \"BertNormalizer\""));
  EXPECT_THAT(refusal("pre_tokenizer", nullptr), HasSubstr("nothing as its pre_tokenizer"));
  EXPECT_THAT(refusal("added_tokens", {{{"id", 4}, {"content", "<x>"}, {"lstrip", true}}}),
              HasSubstr("the added token \"<x>\" with \"lstrip\""));
  folder.remove("tokenizer.json");
  EXPECT_THAT(thrown([&] { read_tokenizer(folder.path(), false); }),
              HasSubstr("neither vocab.txt nor tokenizer.json"));
}

TEST(Tokenizer, keeps_the_first_and_last_token_of_what_is_cut) {
  const auto tokenizer = tiny_tokenizer(golden("golden_tiny.json"));
  EXPECT_THAT(tokenizer("the cat sat", 5), ElementsAre(2, 57, 58, 61, 0));
  EXPECT_THAT(tokenizer("the cat sat", 4), ElementsAre(2, 57, 58, 0));
  EXPECT_THAT(tokenizer("the cat sat", 2), ElementsAre(2, 0));
}

TEST(Tokenizer, drops_bytes_that_are_no_text) {
  const auto tokenizer = tiny_tokenizer(golden("golden_tiny.json"));
  const auto expected = tokenizer("cat sat", 16);
  for (const char* text : {"c\xff"
                           "at sat",
                           "cat\xc3 sat", "cat sat\xe4\xb8",
                           "\x80"
                           "cat sat",
                           "cat\xed\xa0\x80 sat", "cat \xc0\x80sat", "cat sat\xf4\x90\x80\x80"}) {
    EXPECT_EQ(tokenizer(text, 16), expected) << text;
  }
  EXPECT_EQ(tokenizer(std::string("ca\0t sat", 8), 16), expected);
}

TEST(Tokenizer, names_a_special_token_that_is_missing) {
  TokenizerSettings settings;
  settings.vocabulary = {{"[UNK]", 0}, {"[CLS]", 1}, {"[PAD]", 2}};
  EXPECT_THAT(thrown([&] { BertTokenizer tokenizer(settings); }), HasSubstr("no token [SEP]"));
  settings.vocabulary["[SEP]"] = -1;
  EXPECT_THAT(thrown([&] { BertTokenizer tokenizer(settings); }), HasSubstr("the number -1 for \"[SEP]\""));
  settings.vocabulary.erase("[UNK]");
  EXPECT_THAT(thrown([&] { BertTokenizer tokenizer(settings); }), HasSubstr("no token [UNK]"));
}

/// unicode_blocks of make_golden.py: whole blocks of code points become what the fast tokenizers make of
/// them.
TEST(Tokenizer, knows_every_letter_as_the_fast_tokenizers_do) {
  const auto expected = golden("golden_tiny.json")["unicode"];
  BertNormalizer uncased, accents_kept;
  accents_kept.strip_accents = false;
  for (const auto& [name, normalizer] :
       {std::pair("uncased", uncased), std::pair("accents_kept", accents_kept)}) {
    for (const auto& [block, hash] : expected[name].items()) {
      const auto first = static_cast<char32_t>(std::stoul(block, nullptr, 16) << 12);
      uint64_t state = 14695981039346656037ull;
      for (char32_t c = first; c < first + 0x1000; ++c) {
        if (c >= 0xd800 && c < 0xe000) continue;
        std::string text;
        for (const auto& word : split_words(normalizer({U'a', c, U'b'}))) {
          if (!text.empty()) text += "|";
          for (const char32_t letter : word) append_utf8(text, letter);
        }
        for (const char byte : text + "\n") {
          state = (state ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
        }
      }
      EXPECT_EQ(state, std::stoull(hash.get<std::string>(), nullptr, 16))
          << name << ", block U+" << block << "000";
    }
  }
}

}  // namespace
}  // namespace kindred
