#pragma once

#include <cstdio>
#include <string>

/// Parts of a tar file, so that a test can damage any of them.
namespace kindred {

/// Writes the checksum of a header into it.
inline std::string signed_header(std::string block) {
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const auto c : block) sum += static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  return block.replace(148, 7, digits, 7);
}

inline std::string header(const std::string& name, size_t size, char type = '0') {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  char digits[12];
  std::snprintf(digits, sizeof digits, "%011zo", size);
  block.replace(124, 12, digits, 12);
  block[156] = type;
  block.replace(257, 8, std::string("ustar\0", 6) + "00");
  return signed_header(block);
}

inline std::string padded(std::string content) {
  content.resize((content.size() + 511) / 512 * 512, '\0');
  return content;
}

inline std::string entry(const std::string& name, const std::string& content, char type = '0') {
  return header(name, content.size(), type) + padded(content);
}

inline const std::string kEnd(1024, '\0');

}  // namespace kindred
