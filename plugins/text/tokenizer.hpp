#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "normalizer.hpp"
#include "wordpiece.hpp"

namespace kindred {

struct TokenizerSettings {
  Vocabulary vocabulary{};
  BertNormalizer normalizer{};
  WordPiece::Settings pieces{};
  std::string first = "[CLS]", last = "[SEP]", padding = "[PAD]";
  std::vector<std::string> literal{};  ///< tokens that are found in text as they are written, before all else
};

/// BERT's tokenizer. Gives what the fast tokenizers of Hugging Face give. [thread-safe]
class BertTokenizer {
 public:
  /// Throws Error naming a special token that the vocabulary lacks.
  explicit BertTokenizer(TokenizerSettings settings);

  /// The tokens of UTF-8 text between the first and the last one; of a long text the first `longest` - 2.
  std::vector<int64_t> operator()(std::string_view text, int64_t longest) const;

  int64_t padding() const { return padding_; }
  /// The largest number of a token.
  int64_t largest() const { return largest_; }

 private:
  void append(std::string_view text, std::vector<int64_t>& ids) const;
  const std::string* literal_at(std::string_view text) const;

  BertNormalizer normalizer_;
  std::vector<std::string> literal_;
  WordPiece pieces_;
  int64_t first_, last_, padding_, largest_ = 0;
};

}  // namespace kindred
