#include "mlflow_meta.hpp"

#include <algorithm>
#include <cctype>

#include "mlflow_text.hpp"

namespace kindred {
namespace {
using std::string_view;

constexpr string_view kBlanks = " \t\r\n";

std::string hexadecimal(char32_t value, size_t digits) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out(digits, '0');
  for (size_t i = digits; i-- > 0; value >>= 4U) out[i] = kDigits[value & 15U];
  return out;
}

/// What every reader of YAML takes as it is. It takes U+2028 for the end of a line, and refuses controls.
bool stands_in_yaml(char32_t one) {
  if (one < 0x7F) return one >= 0x20 && one != '"' && one != '\\';
  if (one == 0x2028 || one == 0x2029 || one == 0xFEFF) return false;
  return (one > 0xA0 && one < 0xD800) || (one >= 0xE000 && one <= 0xFFFD);
}

/// Appends what the escape after a backslash stands for, which begins at `at`. Returns where the text goes
/// on.
size_t unescape(string_view raw, size_t at, std::string& out) {
  if (at >= raw.size()) return at;
  const char kind = raw[at++];
  const size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits > 0) {
    char32_t value = 0;
    for (size_t i = 0; i < digits && at < raw.size(); ++i, ++at) {
      const auto digit = string_view("0123456789abcdef")
                             .find(static_cast<char>(std::tolower(static_cast<unsigned char>(raw[at]))));
      if (digit == string_view::npos) break;
      value = (value << 4U) | static_cast<char32_t>(digit);
    }
    out += utf8_of({&value, 1});
  } else if (kind == '\n') {  // the line goes on without a space
    at = std::min(raw.find_first_not_of(kBlanks, at), raw.size());
  } else {
    constexpr string_view kFrom = "0abtnvfreN_LP";
    constexpr char32_t kTo[] = {0, 7, 8, 9, 10, 11, 12, 13, 27, 0x85, 0xA0, 0x2028, 0x2029};
    const auto known = kFrom.find(kind);
    out += known == string_view::npos ? std::string(1, kind) : utf8_of({&kTo[known], 1});
  }
  return at;
}

/// A line that ends within a scalar is a space, and an empty line after it is the end of a line.
size_t fold(string_view raw, size_t at, std::string& out) {
  const auto end = std::min(raw.find_first_not_of(kBlanks, at), raw.size());
  const auto lines = static_cast<size_t>(std::count(raw.begin() + static_cast<std::ptrdiff_t>(at),
                                                    raw.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  out += lines == 1 ? std::string(" ") : std::string(lines - 1, '\n');
  return end;
}

std::string text_of_scalar(string_view raw) {
  const auto begin = raw.find_first_not_of(kBlanks);
  if (begin == string_view::npos) return "";
  raw = raw.substr(begin, raw.find_last_not_of(kBlanks) - begin + 1);
  const char mark = raw[0] == '\'' || raw[0] == '"' ? raw[0] : '\0';
  std::string out;
  size_t solid = 0;  // spaces after it are no part of the text where the line ends
  for (size_t at = mark == '\0' ? 0 : 1; at < raw.size();) {
    const char one = raw[at];
    if (one == '\n') {
      out.resize(solid);
      at = fold(raw, at, out);
    } else if (mark == '"' && one == '\\') {
      at = unescape(raw, at + 1, out);
    } else if (mark != '\0' && one == mark) {
      if (mark == '"' || raw.substr(at + 1, 1) != "'") break;
      out += one;
      at += 2;
    } else {
      out += one;
      ++at;
      if (kBlanks.find(one) != string_view::npos) continue;
    }
    solid = out.size();
  }
  return out;
}

}  // namespace

std::string yaml_quoted(string_view text) {
  std::string out = "\"";
  for (const auto one : code_points(text)) {
    if (stands_in_yaml(one)) {
      out += utf8_of({&one, 1});
    } else if (one == '"' || one == '\\') {
      out += '\\';
      out += static_cast<char>(one);
    } else if (one == '\n') {
      out += "\\n";
    } else {
      out += one < 0x10000 ? "\\u" + hexadecimal(one, 4) : "\\U" + hexadecimal(one, 8);
    }
  }
  return out + '"';
}

MetaFile::MetaFile(string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto colon = line.find(':');
    // Lines within a scalar are indented or empty; those of a list may begin with its dash.
    const bool begins = !line.empty() && string_view(" \t-#").find(line[0]) == string_view::npos;
    if (begins && colon != string_view::npos) {
      entries_.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    } else if (!entries_.empty()) {
      entries_.back().second.append("\n").append(line);
    }
  }
}

bool MetaFile::has(string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& one) { return one.first == key; });
}

std::string MetaFile::value(string_view key) const {
  for (const auto& [name, raw] : entries_) {
    if (name == key) return text_of_scalar(raw);
  }
  return "";
}

void MetaFile::set(const std::string& key, const std::string& scalar) {
  const auto raw = " " + scalar;
  for (auto& [name, before] : entries_) {
    if (name != key) continue;
    before = raw;
    return;
  }
  entries_.emplace_back(key, raw);
}

std::string MetaFile::text() const {
  std::string out;
  for (const auto& [name, raw] : entries_) out += name + ":" + raw + "\n";
  return out;
}

}  // namespace kindred
