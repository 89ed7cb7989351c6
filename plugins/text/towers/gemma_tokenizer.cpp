#include "gemma_tokenizer.hpp"

#include <algorithm>
#include <filesystem>

#include "blank_mark.hpp"
#include "byte_pair_files.hpp"
#include "kindred/error.hpp"
#include "literal_tokens.hpp"
#include "tokenizer_steps.hpp"
#include "unicode.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

class GemmaTokenizer final : public TextTokenizer {
 public:
  GemmaTokenizer(BytePairFiles files, int64_t end, int64_t padding)
      : literal_(files.literal),
        normalized_(files.normalized),
        largest_(largest_token(files)),
        pieces_(std::move(files.settings)),
        end_(end),
        padding_(padding) {}

  std::vector<int64_t> operator()(std::string_view text, int64_t longest) const override {
    std::vector<int64_t> ids;
    // Bytes that are no UTF-8 become U+FFFD first: the pieces are cut at code points.
    std::string clean;
    for (const char32_t c : decode_utf8(text)) append_utf8(clean, c);
    literal_.split(clean, ids, [&](std::string_view part) {
      const auto lower = normalized(part);
      normalized_.split(lower, ids, [&](std::string_view word) { pieces_.append(word, ids); });
    });
    const auto room = static_cast<size_t>(std::max<int64_t>(1, longest)) - 1;
    if (ids.size() > room) ids.resize(room);
    ids.push_back(end_);
    return ids;
  }

  int64_t end() const override { return end_; }
  int64_t padding() const override { return padding_; }
  int64_t largest() const override { return largest_; }

 private:
  static std::string normalized(std::string_view text) {
    std::u32string lower;
    for (const char32_t c : decode_utf8(text)) append_lower_case(lower, c);
    std::string out;
    for (const char32_t c : lower) append_utf8(out, c == U' ' ? kBlankMark : c);
    return out;
  }

  LiteralTokens literal_, normalized_;
  int64_t largest_;
  BytePairEncoding pieces_;
  int64_t end_, padding_;
};

}  // namespace

std::unique_ptr<TextTokenizer> read_gemma_tokenizer(const std::string& folder) {
  const auto place = [&](const char* name) { return (fs::path(folder) / name).string(); };
  const JsonFile file(place("tokenizer.json"));
  auto files = read_byte_pair_json(file);
  if (!files.settings.byte_fallback) {
    throw Error(file.path() +
                " has a byte pair encoding without \"byte_fallback\", expected Gemma's, which "
                "SigLIP 2 has");
  }
  // Letters become small for SigLIP 2 whether the file says so or not, as older files do not. Texts have no
  // blanks any more where Split would divide them.
  expect_steps(file, "normalizer", {"Lowercase, Replace", "Replace"});
  expect_steps(file, "pre_tokenizer", {"Split", ""});
  const auto config = JsonFile::if_present(place("tokenizer_config.json"));
  const auto end = number_of_token(files, config.token("eos_token", "<eos>"), file.path());
  const auto padding = number_of_token(files, config.token("pad_token", "<pad>"), file.path());
  return std::make_unique<GemmaTokenizer>(std::move(files), end, padding);
}

}  // namespace kindred
