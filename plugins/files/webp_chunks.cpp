#include "files/webp_chunks.hpp"

#include <algorithm>
#include <functional>

#include "files/bytes_at.hpp"
#include "files/exif.hpp"

namespace kindred {
namespace {

constexpr size_t kHead = 8;  // of a chunk: four letters and its length

std::string little(uint32_t value, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

/// Calls visit(letters, payload) for each whole chunk, until it returns false.
void each_chunk(std::string_view bytes,
                const std::function<bool(std::string_view, std::string_view)>& visit) {
  while (bytes.size() >= kHead) {
    const size_t length = *little_at(bytes, 4, 4);
    if (length > bytes.size() - kHead || !visit(bytes.substr(0, 4), bytes.substr(kHead, length))) return;
    bytes.remove_prefix(std::min(bytes.size(), kHead + length + length % 2));
  }
}

/// A chunk VP8X says that a picture has alpha; without alpha the picture alone is a file.
std::string picture_of(std::string_view frame, uint32_t width_less_one, uint32_t height_less_one) {
  std::string chunks;
  bool has_alpha = false;
  each_chunk(frame, [&](std::string_view letters, std::string_view payload) {
    if (letters == "ALPH") has_alpha = true;
    if (letters != "ALPH" && letters != "VP8 " && letters != "VP8L") return true;
    chunks.append(letters).append(little(static_cast<uint32_t>(payload.size()), 4)).append(payload);
    if (payload.size() % 2 != 0) chunks += '\0';
    return letters == "ALPH";  // the picture is the last
  });
  if (chunks.empty()) return chunks;
  constexpr uint32_t kAlpha = 0x10, kExtended = 10;
  if (has_alpha)
    chunks = "VP8X" + little(kExtended, 4) + little(kAlpha, 4) + little(width_less_one, 3) +
             little(height_less_one, 3) + chunks;
  return "RIFF" + little(static_cast<uint32_t>(chunks.size() + 4), 4) + "WEBP" + chunks;
}

void take_frame(std::string_view payload, WebpChunks& out) {
  constexpr size_t kFrameHead = 16;
  out.is_animated = true;
  if (payload.size() < kFrameHead) return;
  out.left = 2 * *little_at(payload, 0, 3);
  out.top = 2 * *little_at(payload, 3, 3);
  out.first_frame =
      picture_of(payload.substr(kFrameHead), *little_at(payload, 6, 3), *little_at(payload, 9, 3));
}

}  // namespace

bool is_webp(std::string_view bytes) {
  return bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP";
}

WebpChunks webp_chunks(std::string_view bytes) {
  WebpChunks out;
  if (!is_webp(bytes)) return out;
  const size_t stated = size_t{*little_at(bytes, 4, 4)} + kHead;
  bytes = bytes.substr(12, std::max<size_t>(stated, 12) - 12);
  each_chunk(bytes, [&](std::string_view letters, std::string_view payload) {
    if (letters == "EXIF") out.orientation = exif_orientation(payload);
    if (letters == "VP8X" && payload.size() >= 10) {
      out.width = 1 + *little_at(payload, 4, 3);
      out.height = 1 + *little_at(payload, 7, 3);
    }
    if (letters == "ANMF" && !out.is_animated) take_frame(payload, out);
    return true;
  });
  return out;
}

}  // namespace kindred
