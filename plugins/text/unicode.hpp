#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text as code points, with the properties that tokenising asks for. utf8proc knows what decomposes and what
/// is lower case; unicode_tables.hpp knows the rest.
namespace kindred {

/// Bytes that are no UTF-8 become U+FFFD, one for each that cannot continue what came before.
std::u32string decode_utf8(std::string_view bytes);

void append_utf8(std::string& text, char32_t c);

/// Bytes of the code point that begins with `first` in valid UTF-8.
constexpr size_t size_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// Unicode's White_Space.
bool is_whitespace(char32_t c);

/// An ideograph of the blocks that BERT sets apart: those of the first twenty years of Unicode.
bool is_ideograph(char32_t c);

/// The lower case of one letter, whatever stands around it: U+0130 alone gives two code points.
void append_lower_case(std::u32string& text, char32_t c);

/// Normalization form D: base letters followed by their marks in canonical order.
std::u32string decomposed(const std::u32string& text);

}  // namespace kindred
