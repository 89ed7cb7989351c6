#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wordpiece.hpp"

namespace kindred {

/// What a byte pair encoding was trained to.
struct BytePairSettings {
  Vocabulary vocabulary{};
  std::vector<std::pair<std::string, std::string>> merges{};  ///< those that come first are done first
  std::string end_of_word{};                                  ///< behind the last symbol of a word, "</w>"
  std::string unknown{};       ///< for a symbol without a number; empty: it is left out
  bool byte_fallback = false;  ///< a symbol without a number becomes its bytes, such as "<0xE4>"
  bool joins_unknown = false;  ///< neighbours without a number are one unknown token
};

/// Splits a word into symbols and joins neighbours until nothing is left to join (Sennrich et al. 2016), as
/// the library tokenizers does. Costs O(n log n) for n code points. [thread-safe]
class BytePairEncoding {
 public:
  /// Throws Error that names a merge whose parts or whole have no number.
  explicit BytePairEncoding(BytePairSettings settings);

  /// Appends the numbers of the tokens of a word in UTF-8.
  void append(std::string_view word, std::vector<int64_t>& ids) const;

  const Vocabulary& vocabulary() const { return settings_.vocabulary; }

 private:
  struct Merge {
    int64_t rank, token;
  };
  struct Symbol {
    int64_t token, previous, next;  ///< places of the neighbours, -1 at the ends; a token of -1 is gone
  };

  std::vector<Symbol> symbols_of(std::string_view word) const;
  bool append_bytes(std::string_view bytes, std::vector<Symbol>& symbols) const;
  const Merge* merge_of(int64_t left, int64_t right) const;

  BytePairSettings settings_;
  int64_t unknown_ = -1;
  std::vector<int64_t> bytes_;  ///< the tokens of "<0x00>" to "<0xFF>", -1 where there is none
  std::unordered_map<uint64_t, Merge> merges_;  ///< by both tokens
};

}  // namespace kindred
