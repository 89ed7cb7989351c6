#include "clip_words.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "unicode.hpp"
#include "unicode_tables.hpp"

namespace kindred {
namespace {

/// Normalization form C.
std::u32string composed(const std::u32string& text) {
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) return text;
  const auto parts = decomposed(text);
  std::vector<utf8proc_int32_t> points(parts.begin(), parts.end());
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  const auto count =
      utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()), options);
  return std::u32string(points.begin(), points.begin() + std::max<utf8proc_ssize_t>(0, count));
}

// What Unicode 15.1 and 16 brought, which the fast tokenizers know and utf8proc may be too old for.
constexpr CodeRange kLaterLetters[] = {
    {0x1c89, 0x1c8a},   {0xa7cc, 0xa7cd},   {0xa7da, 0xa7db},   {0x105c0, 0x105f3}, {0x10d4a, 0x10d65},
    {0x10d6f, 0x10d85}, {0x10ec2, 0x10ec4}, {0x11380, 0x11389}, {0x1138b, 0x1138b}, {0x1138e, 0x1138e},
    {0x11390, 0x113b5}, {0x113b7, 0x113b7}, {0x113d1, 0x113d1}, {0x113d3, 0x113d3}, {0x11bc0, 0x11be0},
    {0x13460, 0x143fa}, {0x16100, 0x1611d}, {0x16d40, 0x16d6c}, {0x18cff, 0x18cff}, {0x1e5d0, 0x1e5ed},
    {0x1e5f0, 0x1e5f0}, {0x2ebf0, 0x2ee5d}};
constexpr CodeRange kLaterNumbers[] = {{0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9},
                                       {0x16130, 0x16139}, {0x16d70, 0x16d79}, {0x1ccf0, 0x1ccf9},
                                       {0x1e5f1, 0x1e5fa}};

enum class Kind { blank, letter, number, other };

Kind kind_of(char32_t c) {
  if (c < 0x80) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Kind::letter;
    if (c >= '0' && c <= '9') return Kind::number;
    return is_whitespace(c) ? Kind::blank : Kind::other;
  }
  if (is_whitespace(c)) return Kind::blank;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Kind::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::number;
    default:
      if (is_in(c, kLaterLetters)) return Kind::letter;
      return is_in(c, kLaterNumbers) ? Kind::number : Kind::other;
  }
}

/// Code points of the English ending that begins here; 0 where there is none.
size_t ending_at(std::u32string_view text) {
  for (const std::u32string_view ending : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"}) {
    if (text.substr(0, ending.size()) == ending) return ending.size();
  }
  return 0;
}

}  // namespace

std::u32string clip_normalized(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  bool blank_before = false;
  for (const char32_t c : composed(text)) {
    const bool blank = is_whitespace(c);
    if (blank && !blank_before) out.push_back(U' ');
    if (!blank) append_lower_case(out, c);
    blank_before = blank;
  }
  return out;
}

std::vector<std::u32string> clip_words(const std::u32string& text) {
  std::vector<std::u32string> words;
  for (size_t begin = 0; begin < text.size();) {
    const auto kind = kind_of(text[begin]);
    auto end = begin + ending_at(std::u32string_view(text).substr(begin));
    if (end == begin) {
      do {
        ++end;
      } while (kind != Kind::number && end < text.size() && kind_of(text[end]) == kind);
    }
    if (kind != Kind::blank) words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::string byte_level(const std::u32string& word) {
  static const auto characters = [] {
    std::array<std::string, 256> all;
    char32_t next = 0x100;
    for (size_t byte = 0; byte < 256; ++byte) {
      const bool visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
      append_utf8(all[byte], visible ? static_cast<char32_t>(byte) : next++);
    }
    return all;
  }();
  std::string bytes, out;
  for (const char32_t c : word) append_utf8(bytes, c);
  for (const char c : bytes) out += characters[static_cast<unsigned char>(c)];
  return out;
}

}  // namespace kindred
