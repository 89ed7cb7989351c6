#include "siglip_tokenizer.hpp"

#include <algorithm>
#include <filesystem>

#include "blank_mark.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_file.hpp"
#include "sentence_pieces.hpp"
#include "siglip_canonical.hpp"
#include "unicode.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

/// A token that is found in text as it is written; white space around it is dropped.
struct SpecialToken {
  std::u32string text;
  int64_t id;
};

std::u32string_view without_space_before(std::u32string_view text) {
  while (!text.empty() && is_python_space(text.front())) text.remove_prefix(1);
  return text;
}

std::u32string_view without_space_behind(std::u32string_view text) {
  while (!text.empty() && is_python_space(text.back())) text.remove_suffix(1);
  return text;
}

class SiglipTokenizer final : public TextTokenizer {
 public:
  SiglipTokenizer(SentencePieces pieces, const JsonFile& config)
      : pieces_(std::move(pieces)), lower_case_(config.boolean("do_lower_case", true)) {
    unknown_ = config.token("unk_token", "<unk>");
    unknown_size_ = pieces_(unknown_).size();
    end_ = add(config, "eos_token", "</s>");
    padding_ = add(config, "pad_token", "</s>");
    add(config, "unk_token", "<unk>");
  }

  std::vector<int64_t> operator()(std::string_view text, int64_t longest) const override {
    auto points = decode_utf8(text);
    std::replace(points.begin(), points.end(), kBlankMark, U' ');
    points.insert(points.begin(), kBlankMark);
    std::vector<int64_t> ids;
    append(points, ids);
    const auto room = static_cast<size_t>(std::max<int64_t>(1, longest)) - 1;
    if (ids.size() > room) ids.resize(room);
    if (ids.empty() || ids.back() != end_) ids.push_back(end_);
    return ids;
  }

  int64_t end() const override { return end_; }
  int64_t padding() const override { return padding_; }
  int64_t largest() const override { return pieces_.count() - 1; }

 private:
  int64_t add(const JsonFile& config, const char* key, const char* otherwise) {
    const auto token = config.token(key, otherwise);
    // Nothing would stand everywhere in a text, even when the file of pieces has a piece without text.
    if (token.empty()) {
      throw Error(config.path() + " has \"" + key + "\" as \"\", expected a token such as \"" + otherwise +
                  "\"");
    }
    const auto id = pieces_.number_of(token);
    if (id < 0) {
      throw Error(pieces_.path() + " has no piece \"" + token +
                  "\", which tokenizer_config.json names; the files belong to two tokenizers");
    }
    special_.push_back({decode_utf8(token), id});
    return id;
  }

  /// The longest special token that `text` begins with; null where there is none.
  const SpecialToken* special_at(std::u32string_view text) const {
    const SpecialToken* found = nullptr;
    for (const auto& one : special_) {
      const bool fits = text.substr(0, one.text.size()) == one.text;
      if (fits && (found == nullptr || one.text.size() > found->text.size())) found = &one;
    }
    return found;
  }

  void append(std::u32string_view text, std::vector<int64_t>& ids) const {
    bool behind_special = false;
    size_t begin = 0;
    const auto append_part = [&](size_t end, bool before_special) {
      auto part = text.substr(begin, end - begin);
      if (behind_special) part = without_space_before(part);
      if (before_special) part = without_space_behind(part);
      if (!part.empty()) append_pieces(part, ids);
    };
    for (size_t i = 0; i < text.size();) {
      const auto* token = special_at(text.substr(i));
      if (token == nullptr) {
        ++i;
        continue;
      }
      append_part(i, true);
      // The mark that every text begins with is no piece of its own before a special token.
      if (ids.size() == 1 && !behind_special && ids[0] == pieces_.number_of(std::string(kBlankMarkBytes)))
        ids.clear();
      ids.push_back(token->id);
      behind_special = true;
      begin = i += token->text.size();
    }
    append_part(text.size(), false);
  }

  /// SentencePiece drops blanks at the beginning, so that it is given the unknown token before the text,
  /// whose pieces are left out.
  void append_pieces(std::u32string_view part, std::vector<int64_t>& ids) const {
    const auto found = pieces_(unknown_ + siglip_canonical(part, lower_case_));
    const auto skipped = found.size() >= unknown_size_ ? unknown_size_ : 0;
    ids.insert(ids.end(), found.begin() + static_cast<std::ptrdiff_t>(skipped), found.end());
  }

  SentencePieces pieces_;
  bool lower_case_;
  std::string unknown_;
  size_t unknown_size_ = 0;
  int64_t end_ = 0, padding_ = 0;
  std::vector<SpecialToken> special_;
};

}  // namespace

std::unique_ptr<TextTokenizer> read_siglip_tokenizer(const std::string& folder) {
  const auto place = [&](const char* name) { return (fs::path(folder) / name).string(); };
  return std::make_unique<SiglipTokenizer>(SentencePieces(place("spiece.model")),
                                           JsonFile::if_present(place("tokenizer_config.json")));
}

}  // namespace kindred
