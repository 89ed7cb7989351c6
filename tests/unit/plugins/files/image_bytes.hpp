#pragma once

#include <cstdint>
#include <string>

/// Parts of picture files, so that a test can put them together.
namespace kindred {

inline std::string little(uint32_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

inline std::string big(uint32_t value, int count) {
  std::string bytes;
  for (int i = count - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

/// The TIFF structure of EXIF data with two entries: the number of bits, and the orientation.
inline std::string exif_of(uint32_t orientation, bool little_endian) {
  const auto number = [&](uint32_t value, int count) {
    return little_endian ? little(value, count) : big(value, count);
  };
  const auto entry = [&](uint32_t tag, uint32_t value) {
    return number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + number(0, 2);
  };
  return (little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(2, 2) + entry(0x0102, 8) +
         entry(0x0112, orientation) + number(0, 4);
}

inline std::string webp_chunk(const std::string& letters, const std::string& payload) {
  return letters + little(static_cast<uint32_t>(payload.size()), 4) + payload +
         std::string(payload.size() % 2, '\0');
}

inline std::string webp_file(const std::string& chunks) {
  return "RIFF" + little(static_cast<uint32_t>(chunks.size() + 4), 4) + "WEBP" + chunks;
}

/// The chunk that an extended file begins with: 0x02 animation, 0x08 EXIF, 0x10 alpha.
inline std::string vp8x(uint32_t flags, uint32_t width, uint32_t height) {
  return webp_chunk("VP8X", little(flags, 4) + little(width - 1, 3) + little(height - 1, 3));
}

/// A frame of an animation; `left` and `top` are even.
inline std::string webp_frame(uint32_t left, uint32_t top, uint32_t width, uint32_t height,
                              const std::string& chunks) {
  return webp_chunk("ANMF", little(left / 2, 3) + little(top / 2, 3) + little(width - 1, 3) +
                                little(height - 1, 3) + little(100, 3) + std::string(1, '\0') + chunks);
}

inline std::string png_chunk(const std::string& type, const std::string& payload) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : type + payload) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320 & (0 - (crc & 1)));
  }
  return big(static_cast<uint32_t>(payload.size()), 4) + type + payload + big(crc ^ 0xFFFFFFFF, 4);
}

/// A segment of a JPEG: its mark and body.
inline std::string jpeg_segment(uint8_t mark, const std::string& body) {
  return "\xFF" + std::string(1, static_cast<char>(mark)) + big(static_cast<uint32_t>(body.size() + 2), 2) +
         body;
}

}  // namespace kindred
