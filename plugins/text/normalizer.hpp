#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kindred {

/// What BERT does to text before it looks for words (Devlin et al. 2018, the reference tokenizer), as the
/// fast tokenizers of Hugging Face do it.
struct BertNormalizer {
  bool clean_text = true;               ///< drops control characters; every white space becomes a blank
  bool separate_ideographs = true;      ///< blanks around each
  std::optional<bool> strip_accents{};  ///< unset: as lower_case
  bool lower_case = true;

  std::u32string operator()(std::u32string text) const;
};

/// Words of normalised text: white space separates them, a punctuation mark is one of its own.
std::vector<std::u32string> split_words(const std::u32string& text);

}  // namespace kindred
