#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "byte_pair_encoding.hpp"
#include "byte_pair_files.hpp"
#include "clip_tokenizer.hpp"
#include "clip_words.hpp"
#include "gemma_tokenizer.hpp"
#include "kindred/io/file.hpp"
#include "siglip_canonical.hpp"
#include "siglip_tokenizer.hpp"
#include "tower_folder.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using testing::copy_tokenizer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::thrown;
using testing::tower_golden;

uint64_t fnv1a(std::string_view bytes, uint64_t state = 14695981039346656037ull) {
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return state;
}

std::string hexadecimal(uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string joined(const std::vector<int64_t>& ids) {
  std::string text;
  for (const auto id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

/// A text, or a text and how often it stands there.
std::string written_out(const nlohmann::json& text) {
  if (text.is_string()) return text.get<std::string>();
  std::string out;
  for (int i = 0; i < text.at(1).get<int>(); ++i) out += text.at(0).get<std::string>();
  return out;
}

class TowerTokenizer : public ::testing::Test {
 protected:
  static constexpr int64_t kWhole = 1 << 20;

  void expect_golden(const TextTokenizer& tokenizer, const std::string& kind, int64_t longest) const {
    const auto& expected = golden_.at(kind);
    const auto& texts = golden_.at("texts");
    ASSERT_EQ(texts.size(), 500u);
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto text = written_out(texts[i]);
      const auto ids = tokenizer(text, longest);
      if (i < expected.at("ids").size()) {
        EXPECT_EQ(ids, expected["ids"][i].get<std::vector<int64_t>>()) << kind << " " << texts[i];
      }
      const auto both = joined(ids) + ";" + joined(tokenizer(text, kWhole));
      EXPECT_EQ(hexadecimal(fnv1a(both)), expected.at("hashes")[i]) << kind << " " << texts[i] << " " << both;
    }
  }

  template <class WordsOf>
  void expect_unicode(const std::string& kind, const WordsOf& words_of) const {
    for (const auto& [block, expected] : golden_.at(kind).at("unicode").items()) {
      uint64_t state = fnv1a("");
      const auto first = static_cast<char32_t>(std::stoul(block, nullptr, 16) << 12);
      for (char32_t c = first; c < first + 0x1000; ++c) {
        if (c < 0xd800 || c >= 0xe000) state = fnv1a(words_of(c) + "\n", state);
      }
      EXPECT_EQ(hexadecimal(state), expected) << kind << ", code points " << block << "000 and what follows";
    }
  }

  TemporaryFolder folder_{"tower_tokenizer"};
  nlohmann::json golden_ = tower_golden("golden_tokens.json");
};

TEST_F(TowerTokenizer, of_clip_gives_what_transformers_gave_for_500_texts) {
  copy_tokenizer("clip", folder_.path());
  expect_golden(*read_clip_tokenizer(folder_.path()), "clip", 77);
}

TEST_F(TowerTokenizer, of_clip_is_the_same_from_two_lists) {
  const auto file = tower_golden("golden_clip_tokenizer.json");
  auto vocabulary = file["model"]["vocab"];
  for (const auto& token : file["added_tokens"])
    vocabulary[token["content"].get<std::string>()] = token["id"];
  std::string merges = "#version: 0.2\n";
  for (const auto& merge : file["model"]["merges"])
    merges += merge[0].get<std::string>() + " " + merge[1].get<std::string>() + "\n";
  std::ofstream(folder_ / "vocab.json") << vocabulary.dump();
  std::ofstream(folder_ / "merges.txt") << merges;
  expect_golden(*read_clip_tokenizer(folder_.path()), "clip", 77);
}

TEST_F(TowerTokenizer, of_clip_finds_added_tokens_in_normalised_text_where_the_file_says_so) {
  auto file = tower_golden("golden_clip_tokenizer.json");
  for (auto& token : file["added_tokens"]) token["normalized"] = true;
  std::ofstream(folder_ / "tokenizer.json") << file.dump();
  const auto tokenizer = read_clip_tokenizer(folder_.path());
  const auto& expected = golden_["clip"]["found_in_normalized"];
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*tokenizer)(written_out(golden_["texts"][i]), kWhole), expected[i].get<std::vector<int64_t>>())
        << golden_["texts"][i];
  }
}

TEST_F(TowerTokenizer, of_clip_knows_letters_numbers_and_lower_case_as_the_library_does) {
  expect_unicode("clip", [](char32_t c) {
    std::string words;
    for (const auto& word : clip_words(clip_normalized({U'a', c, U'!'}))) {
      if (!words.empty()) words += '|';
      for (const char32_t one : word) append_utf8(words, one);
    }
    return words;
  });
}

TEST_F(TowerTokenizer, of_siglip2_gives_what_transformers_gave_for_500_texts) {
  copy_tokenizer("gemma", folder_.path());
  expect_golden(*read_gemma_tokenizer(folder_.path()), "gemma", 64);
}

TEST_F(TowerTokenizer, of_siglip_gives_what_transformers_gave_for_500_texts) {
  copy_tokenizer("siglip", folder_.path());
  expect_golden(*read_siglip_tokenizer(folder_.path()), "siglip", 64);
}

TEST_F(TowerTokenizer, of_siglip_makes_letters_small_as_python_does) {
  expect_unicode("siglip", [](char32_t c) { return siglip_canonical(std::u32string{U'a', c, U'b'}, true); });
}

TEST(BytePairs, joins_the_pairs_that_come_first_and_of_equal_ones_the_leftmost) {
  BytePairSettings settings;
  settings.vocabulary = {{"a", 0}, {"b", 1}, {"ab", 2}, {"aa", 3}, {"aab", 4}, {"?", 5}};
  settings.merges = {{"a", "b"}, {"a", "a"}, {"aa", "b"}, {"a", "ab"}};
  settings.unknown = "?";
  const BytePairEncoding pieces(settings);
  const auto ids = [&](const char* word) {
    std::vector<int64_t> found;
    pieces.append(word, found);
    return found;
  };
  EXPECT_THAT(ids("aab"), ElementsAre(4));
  EXPECT_THAT(ids("aaa"), ElementsAre(3, 0));
  EXPECT_THAT(ids("aaab"), ElementsAre(3, 2));
  EXPECT_THAT(ids("xya"), ElementsAre(5, 5, 0));
  EXPECT_THAT(ids(""), ElementsAre());
  settings.joins_unknown = true;
  std::vector<int64_t> found;
  BytePairEncoding(settings).append("xyax", found);
  EXPECT_THAT(found, ElementsAre(5, 0, 5));
}

TEST_F(TowerTokenizer, refuses_files_that_are_no_such_tokenizer) {
  const auto refusal = [&](const nlohmann::json& file) {
    std::ofstream(folder_ / "tokenizer.json") << file.dump();
    return thrown([&] { read_clip_tokenizer(folder_.path()); });
  };
  EXPECT_THAT(thrown([&] { read_clip_tokenizer(folder_.path()); }),
              HasSubstr("neither tokenizer.json nor vocab.json and merges.txt"));
  auto file = tower_golden("golden_clip_tokenizer.json");
  auto changed = file;
  changed["model"]["type"] = "WordPiece";
  EXPECT_THAT(refusal(changed), HasSubstr("the type \"WordPiece\", expected \"BPE\""));
  changed = file;
  changed["model"]["end_of_word_suffix"] = nullptr;
  EXPECT_THAT(refusal(changed), HasSubstr("expected \"</w>\""));
  changed = file;
  changed["model"]["merges"].push_back({"qq", "zz"});
  EXPECT_THAT(refusal(changed), HasSubstr("joins \"qq\" and \"zz\""));
  changed["model"]["merges"].back() = "qqzz";
  EXPECT_THAT(refusal(changed), HasSubstr("two tokens with a blank between them"));
  changed = file;
  changed["model"]["vocab"]["a"] = "one";
  EXPECT_THAT(refusal(changed), HasSubstr("for the token \"a\", expected a whole number"));
  changed = file;
  changed["added_tokens"][0]["rstrip"] = true;
  EXPECT_THAT(refusal(changed), HasSubstr("\"rstrip\", which this encoder does not know"));
  changed = file;
  changed["added_tokens"] = nlohmann::json::array();
  changed["model"]["vocab"].erase("<|startoftext|>");
  EXPECT_THAT(refusal(changed), HasSubstr("no token \"<|startoftext|>\""));
  const auto pieces_refusal = [&](const std::string& bytes) {
    std::ofstream(folder_ / "spiece.model", std::ios::binary) << bytes;
    return thrown([&] { read_siglip_tokenizer(folder_.path()); });
  };
  EXPECT_THAT(pieces_refusal("no model"), HasSubstr("is no model of SentencePiece"));
  EXPECT_THAT(pieces_refusal(""), HasSubstr("is no model of SentencePiece"));
  const auto pieces = read_file(testing::tower_file("golden_spiece.model"));
  EXPECT_THAT(pieces_refusal(pieces.substr(0, pieces.size() / 2)), HasSubstr("is no model of SentencePiece"));
  std::ofstream(folder_ / "tokenizer.json") << file.dump();
  EXPECT_THAT(thrown([&] { read_gemma_tokenizer(folder_.path()); }), HasSubstr("byte_fallback"));
}

TEST_F(TowerTokenizer, refuses_numbers_that_no_token_can_have) {
  auto clip = tower_golden("golden_clip_tokenizer.json");
  for (const auto& number : {json(-5), json(UINT64_MAX), json(int64_t{1} << 32)}) {
    clip["added_tokens"][0]["id"] = number;
    std::ofstream(folder_ / "tokenizer.json") << clip.dump();
    EXPECT_THAT(
        thrown([&] { read_clip_tokenizer(folder_.path()); }),
        HasSubstr(number.dump() + " for the token \"<|startoftext|>\", expected a whole number from 0 "
                                  "to 4294967295"));
  }
  // -1 stands for the end of a text where tokens are put into a batch.
  auto gemma = tower_golden("golden_gemma_tokenizer.json");
  gemma["added_tokens"][0]["id"] = -1;
  std::ofstream(folder_ / "tokenizer.json") << gemma.dump();
  EXPECT_THAT(thrown([&] { read_gemma_tokenizer(folder_.path()); }), HasSubstr("-1 for the token \"<pad>\""));
}

TEST_F(TowerTokenizer, refuses_files_that_prepare_texts_otherwise) {
  const auto refusal = [&](const std::string& kind, const json& patch) {
    auto file = tower_golden("golden_" + kind + "_tokenizer.json");
    file.merge_patch(patch);
    std::ofstream(folder_ / "tokenizer.json") << file.dump();
    return thrown(
        [&] { kind == "clip" ? read_clip_tokenizer(folder_.path()) : read_gemma_tokenizer(folder_.path()); });
  };
  const auto clip = tower_golden("golden_clip_tokenizer.json");
  auto keeps_capitals = clip["normalizer"];
  keeps_capitals["normalizers"].erase(2);
  EXPECT_THAT(refusal("clip", {{"normalizer", keeps_capitals}}),
              HasSubstr("has \"NFC, Replace\" under \"normalizer\", expected \"NFC, Replace, Lowercase\""));
  EXPECT_THAT(refusal("clip", {{"normalizer", nullptr}}), HasSubstr("has no step under \"normalizer\""));
  EXPECT_THAT(refusal("clip", {{"normalizer", {{"type", 3}}}}), HasSubstr("\"normalizer\" that is none of"));
  EXPECT_THAT(refusal("clip", {{"pre_tokenizer", {{"type", "Whitespace"}, {"pretokenizers", nullptr}}}}),
              HasSubstr("has \"Whitespace\" under \"pre_tokenizer\", expected \"Split, ByteLevel\""));
  EXPECT_THAT(refusal("clip", {{"model", {{"ignore_merges", true}}}}),
              HasSubstr("\"ignore_merges\" as true"));
  EXPECT_THAT(refusal("clip", {{"model", {{"continuing_subword_prefix", "##"}}}}),
              HasSubstr("\"continuing_subword_prefix\" as \"##\", expected \"\""));
  EXPECT_THAT(refusal("gemma", {{"normalizer", clip["normalizer"]}}),
              HasSubstr("expected \"Lowercase, Replace\" or \"Replace\""));
  EXPECT_THAT(refusal("gemma", {{"pre_tokenizer", {{"type", "ByteLevel"}}}}),
              HasSubstr("expected \"Split\" or no step"));
}

TEST_F(TowerTokenizer, of_siglip2_makes_letters_small_where_the_file_does_not_say_so) {
  auto file = tower_golden("golden_gemma_tokenizer.json");
  const auto replace = file["normalizer"]["normalizers"][1];
  file["normalizer"] = replace;
  file.erase("pre_tokenizer");
  std::ofstream(folder_ / "tokenizer.json") << file.dump();
  expect_golden(*read_gemma_tokenizer(folder_.path()), "gemma", 64);
}

TEST_F(TowerTokenizer, refuses_special_tokens_of_siglip_without_text) {
  const std::string empty_piece("\x0a\x04\x0a\x00\x18\x03", 6);  // a control piece whose text is ""
  std::ofstream(folder_ / "spiece.model", std::ios::binary)
      << read_file(testing::tower_file("golden_spiece.model")) << empty_piece;
  EXPECT_NO_THROW(read_siglip_tokenizer(folder_.path()));
  for (const std::string key : {"unk_token", "eos_token", "pad_token"}) {
    std::ofstream(folder_ / "tokenizer_config.json") << json{{key, ""}}.dump();
    EXPECT_THAT(thrown([&] { read_siglip_tokenizer(folder_.path()); }),
                HasSubstr("tokenizer_config.json has \"" + key + "\" as \"\", expected a token"));
  }
}

}  // namespace
}  // namespace kindred
