#include "normalizer.hpp"

#include <algorithm>

#include "unicode.hpp"
#include "unicode_tables.hpp"

namespace kindred {
namespace {

void clean(std::u32string& text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char32_t c) { return c == 0 || is_removed(c); }),
             text.end());
  std::replace_if(text.begin(), text.end(), is_whitespace, U' ');
}

std::u32string with_ideographs_apart(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (is_ideograph(c)) {
      out.append({U' ', c, U' '});
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::u32string without_accents(const std::u32string& text) {
  auto out = decomposed(text);
  out.erase(std::remove_if(out.begin(), out.end(), is_nonspacing_mark), out.end());
  return out;
}

std::u32string in_lower_case(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_lower_case(out, c);
  return out;
}

}  // namespace

std::u32string BertNormalizer::operator()(std::u32string text) const {
  if (clean_text) clean(text);
  if (separate_ideographs) text = with_ideographs_apart(text);
  if (strip_accents.value_or(lower_case)) text = without_accents(text);
  if (lower_case) text = in_lower_case(text);
  return text;
}

std::vector<std::u32string> split_words(const std::u32string& text) {
  std::vector<std::u32string> words;
  std::u32string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char32_t c : text) {
    if (is_whitespace(c)) {
      finish();
    } else if (is_punctuation(c)) {
      finish();
      words.emplace_back(1, c);
    } else {
      word.push_back(c);
    }
  }
  finish();
  return words;
}

}  // namespace kindred
