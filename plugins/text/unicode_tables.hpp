#pragma once

#include <algorithm>
#include <cstddef>

namespace kindred {

struct CodeRange {
  char32_t first, last;  ///< both belong to it
};

/// `ranges` ascend.
template <size_t N>
bool is_in(char32_t c, const CodeRange (&ranges)[N]) {
  const auto* next = std::upper_bound(
      ranges, ranges + N, c, [](char32_t value, const CodeRange& range) { return value < range.first; });
  return next != ranges && c <= (next - 1)->last;
}

// These follow the fast tokenizers of Hugging Face, whose Unicode is older than any library's: what was
// assigned since 2015 is neither punctuation nor a mark to them, and a model was trained on what they gave.

/// What cleaning drops: control and format characters, private use, U+FFFD. Line breaks and tabs are not.
bool is_removed(char32_t c);
/// All of ASCII that is no letter, digit, space or control character, and Unicode's P*.
bool is_punctuation(char32_t c);
/// Mn: accents and vowel signs that take no place of their own.
bool is_nonspacing_mark(char32_t c);

}  // namespace kindred
