#include "kindred/io/npy_words.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "npy_file.hpp"

namespace kindred {
namespace {

constexpr size_t kMostLetters = size_t{1} << 20;  // of a word; a longer one is no label
constexpr uint32_t kLastCodePoint = 0x10FFFF, kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;

/// Appends a code point as UTF-8; false where it is none.
bool append_utf8(uint32_t code, std::string& text) {
  if (code > kLastCodePoint || (code >= kFirstSurrogate && code <= kLastSurrogate)) return false;
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return true;
}

/// One item of a str array: code points of four bytes, filled up with zeros.
bool read_wide(const char* item, size_t letters, std::string& text) {
  std::vector<uint32_t> codes(letters);
  std::memcpy(codes.data(), item, letters * sizeof(uint32_t));
  while (!codes.empty() && codes.back() == 0) codes.pop_back();
  return std::all_of(codes.begin(), codes.end(),
                     [&](uint32_t code) { return code != 0 && append_utf8(code, text); });
}

/// One item of an array of bytes, filled up with zeros.
bool read_narrow(const char* item, size_t letters, std::string& text) {
  text.assign(item, letters);
  text.erase(text.find_last_not_of('\0') + 1);
  return text.find('\0') == std::string::npos;
}

/// How many letters the words of a dtype such as "<U12" have at most; nothing where it is of no words.
std::optional<size_t> letters_of(const NpyFile& file, bool& wide) {
  const auto& dtype = file.dtype();
  const auto kind = dtype.find_first_of("US");
  if (kind == std::string::npos || kind > 1) return {};
  const auto digits = dtype.substr(kind + 1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  wide = dtype[kind] == 'U';
  if (wide && dtype.front() == '>')
    file.refuse("its words are big-endian (\"" + dtype + "\"); write them with array.astype(str)");
  const size_t letters = digits.size() > 7 ? kMostLetters + 1 : std::stoul(digits);
  // Of words without letters a short file could promise any number.
  if (letters < 1 || letters > kMostLetters)
    file.refuse("its dtype is \"" + dtype + "\"; expected words of 1 to " + std::to_string(kMostLetters) +
                " letters");
  return letters;
}

}  // namespace

std::optional<std::vector<std::string>> read_npy_words(const std::string& path) {
  const NpyFile file(path);
  bool wide = false;
  const auto letters = letters_of(file, wide);
  if (!letters) return {};
  if (file.shape().size() != 1) {
    file.refuse("it holds words in " + std::to_string(file.shape().size()) +
                " dimensions, expected one; write array.ravel()");
  }
  const auto size = *letters * (wide ? sizeof(uint32_t) : 1);
  const auto* items = file.items(size);
  std::vector<std::string> words;
  for (int64_t row = 0; row < file.shape().front(); ++row) {
    std::string word;
    const auto* item = items + static_cast<size_t>(row) * size;
    if (!(wide ? read_wide(item, *letters, word) : read_narrow(item, *letters, word)))
      file.refuse("the word of row " + std::to_string(row) + " is no text");
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace kindred
