#include "clip_tokenizer.hpp"

#include <algorithm>
#include <filesystem>

#include "byte_pair_files.hpp"
#include "clip_words.hpp"
#include "kindred/error.hpp"
#include "literal_tokens.hpp"
#include "tokenizer_steps.hpp"
#include "unicode.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

struct SpecialTokens {
  int64_t first, last, padding;
};

class ClipTokenizer final : public TextTokenizer {
 public:
  ClipTokenizer(BytePairFiles files, SpecialTokens special)
      : literal_(files.literal),
        normalized_(files.normalized),
        largest_(largest_token(files)),
        pieces_(std::move(files.settings)),
        special_(special) {}

  std::vector<int64_t> operator()(std::string_view text, int64_t longest) const override {
    std::vector<int64_t> ids = {special_.first};
    literal_.split(text, ids, [&](std::string_view part) { append(part, ids); });
    const auto room = static_cast<size_t>(std::max<int64_t>(2, longest)) - 1;
    if (ids.size() > room) ids.resize(room);
    ids.push_back(special_.last);
    return ids;
  }

  int64_t end() const override { return special_.last; }
  int64_t padding() const override { return special_.padding; }
  int64_t largest() const override { return largest_; }

 private:
  void append(std::string_view text, std::vector<int64_t>& ids) const {
    std::string clean;
    for (const char32_t c : clip_normalized(decode_utf8(text))) append_utf8(clean, c);
    normalized_.split(clean, ids, [&](std::string_view part) {
      for (const auto& word : clip_words(decode_utf8(part))) pieces_.append(byte_level(word), ids);
    });
  }

  LiteralTokens literal_, normalized_;
  int64_t largest_;
  BytePairEncoding pieces_;
  SpecialTokens special_;
};

}  // namespace

std::unique_ptr<TextTokenizer> read_clip_tokenizer(const std::string& folder) {
  const auto place = [&](const char* name) { return (fs::path(folder) / name).string(); };
  const auto config = JsonFile::if_present(place("tokenizer_config.json"));
  const auto first = config.token("bos_token", "<|startoftext|>"),
             last = config.token("eos_token", "<|endoftext|>"), padding = config.token("pad_token", last);
  BytePairFiles files;
  auto path = place("tokenizer.json");
  if (fs::exists(path)) {
    const JsonFile file(path);
    files = read_byte_pair_json(file);
    if (files.settings.end_of_word != "</w>") {
      throw Error(path + " has \"" + files.settings.end_of_word +
                  "\" as the end of a word, expected \"</w>\", which CLIP's tokenizer has");
    }
    expect_steps(file, "normalizer", {"NFC, Replace, Lowercase"});
    expect_steps(file, "pre_tokenizer", {"Split, ByteLevel"});
  } else if (fs::exists(place("vocab.json")) && fs::exists(place("merges.txt"))) {
    path = place("vocab.json");
    files = read_byte_pair_lists(path, place("merges.txt"));
    for (const auto& token : {first, last, padding})
      files.literal[token] = number_of_token(files, token, path);
    files.settings.unknown = config.token("unk_token", last);
  } else {
    throw Error(folder +
                " has neither tokenizer.json nor vocab.json and merges.txt, expected CLIP's tokenizer "
                "in one or the other; download the folder again");
  }
  const SpecialTokens special = {number_of_token(files, first, path), number_of_token(files, last, path),
                                 number_of_token(files, padding, path)};
  return std::make_unique<ClipTokenizer>(std::move(files), special);
}

}  // namespace kindred
