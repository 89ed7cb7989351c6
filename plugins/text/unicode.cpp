#include "unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "unicode_tables.hpp"

namespace kindred {
namespace {

constexpr char32_t kReplacement = 0xfffd;

/// What Unicode decomposes since versions that the fast tokenizers do not know.
constexpr CodeRange kDecomposedLater[] = {{0x105c9, 0x105c9}, {0x105e4, 0x105e4}, {0x11383, 0x11391},
                                          {0x113c5, 0x113c8}, {0x11938, 0x11938}, {0x16121, 0x16128},
                                          {0x16d68, 0x16d6a}};

/// Letters that utf8proc may be too old to know a lower case of, which is `offset` further.
struct LaterCase {
  CodeRange range;
  int32_t offset;
};
constexpr LaterCase kLaterCases[] = {{{0x1c89, 0x1c89}, 1},      {{0xa7cb, 0xa7cb}, 0x264 - 0xa7cb},
                                     {{0xa7cc, 0xa7cc}, 1},      {{0xa7ce, 0xa7ce}, 1},
                                     {{0xa7d2, 0xa7d2}, 1},      {{0xa7d4, 0xa7d4}, 1},
                                     {{0xa7da, 0xa7da}, 1},      {{0xa7dc, 0xa7dc}, 0x19b - 0xa7dc},
                                     {{0x10d50, 0x10d65}, 0x20}, {{0x16ea0, 0x16eb8}, 0x1b}};

utf8proc_int32_t code(char32_t c) { return static_cast<utf8proc_int32_t>(c); }

int combining_class(char32_t c) { return utf8proc_get_property(code(c))->combining_class; }

/// Marks behind one letter stand in the order of their classes; those of one class keep theirs.
void order_marks(std::u32string& text) {
  for (auto begin = text.begin(); begin != text.end();) {
    if (combining_class(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text.end(), [](char32_t c) { return combining_class(c) == 0; });
    std::stable_sort(begin, end,
                     [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

}  // namespace

std::u32string decode_utf8(std::string_view bytes) {
  std::u32string text;
  text.reserve(bytes.size());
  const auto* place = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
  const auto* const end = place + bytes.size();
  while (place != end) {
    utf8proc_int32_t c = 0;
    const auto count = *place < 0x80 ? 1 : utf8proc_iterate(place, end - place, &c);
    text.push_back(*place < 0x80 ? *place : count > 0 ? static_cast<char32_t>(c) : kReplacement);
    place += std::max<utf8proc_ssize_t>(1, count);
  }
  return text;
}

void append_utf8(std::string& text, char32_t c) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto count = utf8proc_encode_char(code(c), bytes.data());
  text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(count));
}

bool is_whitespace(char32_t c) {
  static constexpr CodeRange kRanges[] = {
      {0x9, 0xd},       {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
      {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
  return is_in(c, kRanges);
}

bool is_ideograph(char32_t c) {
  static constexpr CodeRange kRanges[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                          {0x20000, 0x2a6df}, {0x2a700, 0x2b81f}, {0x2b920, 0x2ceaf},
                                          {0x2f800, 0x2fa1f}};
  return is_in(c, kRanges);
}

void append_lower_case(std::u32string& text, char32_t c) {
  if (c == 0x130) {
    text.append({0x69, 0x307});
    return;
  }
  auto lower = utf8proc_tolower(code(c));
  for (const auto& later : kLaterCases) {
    if (c >= later.range.first && c <= later.range.last) lower = code(c) + later.offset;
  }
  text.push_back(static_cast<char32_t>(lower));
}

std::u32string decomposed(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c < 0xc0 || is_in(c, kDecomposedLater)) {
      out.push_back(c);
      continue;
    }
    std::array<utf8proc_int32_t, 8> parts{};  // the longest of Unicode has 4
    int boundary = 0;
    const auto count = utf8proc_decompose_char(
        code(c), parts.data(), static_cast<utf8proc_ssize_t>(parts.size()), UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
      out.push_back(static_cast<char32_t>(parts[static_cast<size_t>(i)]));
    }
  }
  order_marks(out);
  return out;
}

}  // namespace kindred
