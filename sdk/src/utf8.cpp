#include "kindred/io/utf8.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "kindred/error.hpp"

namespace kindred {
namespace {
using std::string_view;

constexpr auto npos = string_view::npos;

unsigned char byte_at(string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

/// The length of the character that begins at `at`; 0 where none does.
size_t character_length(string_view bytes, size_t at) {
  const auto first = byte_at(bytes, at);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (at + length > bytes.size()) return 0;
  // The second byte excludes overlong forms, surrogates and what is beyond U+10FFFF.
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(bytes, at + 1) < low || byte_at(bytes, at + 1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte_at(bytes, at + i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

std::string hex(unsigned char byte) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  return {kDigits[byte >> 4U], kDigits[byte & 15U]};
}

/// Says whether "\x" and two digits begin at `at`, as an escape does.
bool looks_escaped(string_view bytes, size_t at) {
  return bytes.compare(at, 2, "\\x") == 0 && at + 4 <= bytes.size() &&
         std::isxdigit(byte_at(bytes, at + 2)) != 0 && std::isxdigit(byte_at(bytes, at + 3)) != 0;
}

/// Names of several words that are no file, such as "standard input", are not arguments of a command.
std::string iconv_command(const std::string& from, const std::string& path) {
  const bool is_file = path.find(' ') == npos || std::filesystem::exists(path);
  return "iconv -f " + from + " -t UTF-8" + (is_file ? " " + shown(path) : "");
}

/// The name of UTF-16 or UTF-32, as its mark says or as the places of zero bytes do; empty for other bytes.
std::string wide_encoding(string_view bytes, bool& marked) {
  const auto begins = [&](string_view mark) { return bytes.substr(0, mark.size()) == mark; };
  marked = true;
  if (begins({"\xFF\xFE\0\0", 4})) return "UTF-32LE";
  if (begins({"\0\0\xFE\xFF", 4})) return "UTF-32BE";
  if (begins("\xFF\xFE")) return "UTF-16LE";
  if (begins("\xFE\xFF")) return "UTF-16BE";
  marked = false;
  const auto tried = std::min<size_t>(bytes.size(), 4096) / 2 * 2;
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < tried; ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  // Letters of Latin alphabets have one zero byte of two; in other alphabets line ends and digits have.
  if (zeros[0] + zeros[1] < std::max<size_t>(2, tried / 10)) return {};
  if (zeros[1] > 4 * zeros[0]) return "UTF-16LE";
  if (zeros[0] > 4 * zeros[1]) return "UTF-16BE";
  return {};
}

struct Place {
  int64_t line;
  int64_t column;  ///< in characters, from 1
};

Place place_of(string_view text, size_t at, int64_t first_line) {
  Place place{first_line, 1};
  for (size_t i = 0; i < at; ++i) {
    const char c = text[i];
    if (c == '\n' || (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U && c != '\r') {
      ++place.column;
    }
  }
  return place;
}

/// Says whether the bytes that are no UTF-8 look like the single accented letters of a Western European text.
/// In other alphabets they stand in rows.
bool looks_western(string_view text) {
  size_t bad = 0, beside_another = 0, last = npos;
  for (size_t at = 0; at < text.size();) {
    const auto length = character_length(text, at);
    if (length == 0) {
      const auto byte = byte_at(text, at);
      // Windows-1252 has no character for these.
      if (byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D) return false;
      ++bad;
      if (last != npos && last + 1 == at) ++beside_another;
      last = at;
    }
    at += std::max<size_t>(length, 1);
  }
  return 3 * beside_another <= bad;
}

}  // namespace

size_t first_not_utf8(string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const auto length = character_length(bytes, at);
    if (length == 0) return at;
    at += length;
  }
  return npos;
}

std::string shown(string_view bytes) {
  if (first_not_utf8(bytes) == npos) return std::string(bytes);
  std::string out;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = character_length(bytes, at);
    if (length == 0 || looks_escaped(bytes, at)) {
      out += "\\x" + hex(byte_at(bytes, at));
      ++at;
    } else {
      out += bytes.substr(at, length);
      at += length;
    }
  }
  return out;
}

std::string path_of_shown(const std::string& path) {
  if (path.find("\\x") == std::string::npos || ::access(path.c_str(), F_OK) == 0) return path;
  std::string bytes;
  for (size_t at = 0; at < path.size();) {
    if (looks_escaped(path, at)) {
      bytes += static_cast<char>(std::stoi(path.substr(at + 2, 2), nullptr, 16));
      at += 4;
    } else {
      bytes += path[at++];
    }
  }
  return bytes;
}

std::string text_content(std::string bytes, const std::string& path) {
  bool marked = false;
  if (const auto wide = wide_encoding(bytes, marked); !wide.empty()) {
    const auto iconv = marked ? wide.substr(0, 6) : wide;  // the mark tells iconv the order of the bytes
    throw Error(shown(path) + " is no UTF-8: it " +
                (marked ? "begins with the byte order mark of " : "has zero bytes at the places of ") + wide +
                "; convert it: " + iconv_command(iconv, path));
  }
  if (bytes.rfind("\xEF\xBB\xBF", 0) == 0) bytes.erase(0, 3);
  return bytes;
}

std::string encoding_fault(string_view text, const std::string& path, int64_t first_line) {
  const auto at = first_not_utf8(text);
  if (at == npos) return {};
  const auto place = place_of(text, at, first_line);
  const auto where = "byte 0x" + hex(byte_at(text, at)) + " at line " + std::to_string(place.line) +
                     ", column " + std::to_string(place.column) + " is no UTF-8; ";
  if (looks_western(text)) {
    return where +
           "it looks like Windows-1252 or Latin-1; convert it: " + iconv_command("WINDOWS-1252", path);
  }
  return where + "convert it from the encoding that it was written in: " + iconv_command("ENCODING", path);
}

}  // namespace kindred
