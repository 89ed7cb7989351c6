#include "siglip_canonical.hpp"

#include <utf8proc.h>

#include "unicode.hpp"

namespace kindred {
namespace {

constexpr char32_t kSigma = 0x3a3, kSmallSigma = 0x3c3, kFinalSigma = 0x3c2;

utf8proc_category_t category_of(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool is_cased(char32_t c) {
  const auto category = category_of(c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT;
}

/// Says whether a code point says nothing of where a word ends (Unicode 3.13, D136).
bool is_case_ignorable(char32_t c) {
  for (const char32_t one :
       U"'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a") {
    if (c == one && c != 0) return true;
  }
  switch (category_of(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return false;
  }
}

/// Says whether the sigma at `place` stands behind a letter, and before none (Unicode 3.13, Final_Sigma).
bool ends_word(std::u32string_view text, size_t place) {
  auto before = place;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  auto behind = place + 1;
  while (behind < text.size() && is_case_ignorable(text[behind])) ++behind;
  return behind == text.size() || !is_cased(text[behind]);
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= 0x21 && c <= 0x2f) || (c >= 0x3a && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
         (c >= 0x7b && c <= 0x7e);
}

}  // namespace

bool is_python_space(char32_t c) { return is_whitespace(c) || (c >= 0x1c && c <= 0x1f); }

std::u32string python_lower_case(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kSigma) {
      out.push_back(ends_word(text, i) ? kFinalSigma : kSmallSigma);
    } else {
      append_lower_case(out, text[i]);
    }
  }
  return out;
}

std::string siglip_canonical(std::u32string_view text, bool lower_case) {
  std::string out;
  bool blank = false;
  for (const char32_t c : lower_case ? python_lower_case(text) : std::u32string(text)) {
    if (is_ascii_punctuation(c)) continue;
    if (is_python_space(c)) {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    append_utf8(out, c);
  }
  return out;
}

}  // namespace kindred
