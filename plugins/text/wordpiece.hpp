#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace kindred {

/// Tokens and their numbers.
using Vocabulary = std::unordered_map<std::string, int64_t>;

/// Splits words into the longest pieces of a vocabulary (Schuster, Nakajima 2012), from the left.
class WordPiece {
 public:
  struct Settings {
    std::string unknown = "[UNK]";    ///< for a word that cannot be put together
    std::string continuation = "##";  ///< before a piece that does not begin a word
    size_t longest_word = 100;        ///< code points; a longer word is unknown
  };

  /// Throws Error when the vocabulary lacks the unknown token.
  WordPiece(Vocabulary vocabulary, Settings settings);

  void append(const std::u32string& word, std::vector<int64_t>& ids) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
  Settings settings_;
  int64_t unknown_;
  size_t longest_token_ = 0;  ///< bytes, the continuation among them
};

}  // namespace kindred
