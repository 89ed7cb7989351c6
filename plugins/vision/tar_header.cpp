#include "tar_header.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace kindred {
namespace {

constexpr size_t kNameAt = 0, kSizeAt = 124, kChecksumAt = 148, kTypeAt = 156, kMagicAt = 257,
                 kPrefixAt = 345;
constexpr size_t kNameLength = 100, kNumberLength = 12, kChecksumLength = 8, kPrefixLength = 155;

/// The text ends at the first zero.
std::string text_at(const TarBlock& block, size_t offset, size_t length) {
  const auto* first = block.data() + offset;
  return {first, ::strnlen(first, length)};
}

/// Octal digits between blanks; GNU writes what does not fit in base 256, marked by the highest bit.
std::optional<uint64_t> number_at(const TarBlock& block, size_t offset, size_t length) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block.data()) + offset;
  uint64_t value = 0;
  if (bytes[0] & 0x80u) {
    for (size_t i = 1; i < length; ++i) {
      if (value >> 55 != 0) return {};
      value = value << 8 | bytes[i];
    }
    return (bytes[0] & 0x7Fu) == 0 ? std::optional<uint64_t>(value) : std::nullopt;
  }
  const auto text = text_at(block, offset, length);
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return 0;
  const auto last = text.find_last_not_of(' ') + 1;
  const auto [end, status] = std::from_chars(text.data() + first, text.data() + last, value, 8);
  if (status != std::errc() || end != text.data() + last) return {};
  return value;
}

bool checksum_fits(const TarBlock& block) {
  const auto stated = number_at(block, kChecksumAt, kChecksumLength);
  if (!stated) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksumAt && i < kChecksumAt + kChecksumLength;  // counts as blanks
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum == *stated;
}

}  // namespace

bool is_zero(const TarBlock& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
}

std::optional<TarHeader> tar_header(const TarBlock& block) {
  const auto size = number_at(block, kSizeAt, kNumberLength);
  if (!size || !checksum_fits(block)) return {};
  TarHeader header{text_at(block, kNameAt, kNameLength), *size, block[kTypeAt]};
  if (header.type == '\0' || header.type == '7') header.type = '0';
  if (header.type >= '1' && header.type <= '6')
    header.size = 0;  // links, devices and folders have no content
  // GNU ends its magic with blanks and keeps times where ustar has the folder.
  const bool ustar = std::string_view(block.data() + kMagicAt, 6) == std::string_view("ustar\0", 6);
  const auto folder = ustar ? text_at(block, kPrefixAt, kPrefixLength) : std::string();
  if (!folder.empty()) header.name = folder + "/" + header.name;
  return header;
}

std::optional<std::vector<std::pair<std::string, std::string>>> pax_records(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> records;
  for (size_t at = 0; at < text.size();) {
    const auto blank = text.find(' ', at);
    if (blank == std::string::npos) return {};
    const auto length = decimal_number(text.substr(at, blank - at));
    if (!length || *length > text.size() - at || at + *length < blank + 2) return {};
    const auto end = at + *length - 1;  // of the line break
    const auto equals = text.find('=', blank);
    if (text[end] != '\n' || equals == std::string::npos || equals > end) return {};
    records.emplace_back(text.substr(blank + 1, equals - blank - 1),
                         text.substr(equals + 1, end - equals - 1));
    at = end + 1;
  }
  return records;
}

std::optional<uint64_t> decimal_number(const std::string& digits) {
  uint64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc() || end != digits.data() + digits.size()) return {};
  return value;
}

}  // namespace kindred
