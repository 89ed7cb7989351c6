#include "event_file.hpp"

#include <array>
#include <cstring>

namespace kindred {
namespace {

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr auto kTable = make_table();

template <class Number>
std::string little_endian(Number number) {
  std::string bytes(sizeof(number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(number));
  return bytes;
}

std::string varint(uint64_t number) {
  std::string bytes;
  while (number >= 0x80) {
    bytes += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  return bytes + static_cast<char>(number);
}

// Wire types: 0 a varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes.
std::string key(uint32_t field, uint32_t wire_type) { return varint(uint64_t{field} << 3 | wire_type); }
std::string with_length(uint32_t field, std::string_view bytes) {
  return key(field, 2) + varint(bytes.size()) + std::string(bytes);
}

/// Event: 1 wall_time, 2 step.
std::string event_of(double wall_time, int64_t step) {
  auto event = key(1, 1) + little_endian(wall_time);
  if (step != 0) event += key(2, 0) + varint(static_cast<uint64_t>(step));
  return event;
}

/// Summary: 1 value; Summary.Value: 1 tag, and what `value` says.
std::string summary_event(double wall_time, int64_t step, std::string_view tag, std::string_view value) {
  return event_of(wall_time, step) + with_length(5, with_length(1, with_length(1, tag) + std::string(value)));
}

/// A value that the page HPARAMS reads. Summary.Value: 9 metadata; SummaryMetadata: 1 plugin_data;
/// PluginData: 1 plugin_name, 2 content.
std::string hparams_event(double wall_time, std::string_view tag, std::string_view content) {
  const auto data = with_length(1, "hparams") + with_length(2, content);
  return summary_event(wall_time, 0, tag, with_length(9, with_length(1, data)));
}

/// google.protobuf.Value: 2 number_value, 3 string_value, 4 bool_value. Empty for what has no single value.
std::string setting_value(const nlohmann::json& value) {
  if (value.is_number()) return key(2, 1) + little_endian(value.get<double>());
  if (value.is_string()) return with_length(3, value.get<std::string>());
  if (value.is_boolean()) return key(4, 0) + varint(value.get<bool>() ? 1 : 0);
  return "";
}

/// SessionStartInfo: 1 hparams, a map whose entries have 1 key and 2 value.
std::string settings_below(const nlohmann::json& value, const std::string& place) {
  std::string out;
  for (const auto& [name, part] : value.items()) {
    const auto below = place.empty() ? name : place + "." + name;
    if (part.is_structured()) {
      out += settings_below(part, below);
    } else if (const auto one = setting_value(part); !one.empty()) {
      out += with_length(1, with_length(1, below) + with_length(2, one));
    }
  }
  return out;
}

uint32_t big_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

/// A checksum is stored rotated and shifted, so that the checksum of bytes that hold one is not trivial.
uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::string event_record(std::string_view event) {
  const auto length = little_endian(uint64_t{event.size()});
  return length + little_endian(masked(crc32c(length))) + std::string(event) +
         little_endian(masked(crc32c(event)));
}

std::string version_event(double wall_time) {
  return event_of(wall_time, 0) + with_length(3, "brain.Event:2");
}

std::string restart_event(double wall_time, int64_t step) {
  // SessionLog: 1 status, 1 = START.
  return event_of(wall_time, step) + with_length(7, key(1, 0) + varint(1));
}

std::string scalar_event(double wall_time, int64_t step, std::string_view tag, float value) {
  return summary_event(wall_time, step, tag, key(2, 5) + little_endian(value));  // 2 simple_value
}

std::string image_event(double wall_time, int64_t step, std::string_view tag, std::string_view png) {
  // A PNG begins with eight bytes of signature, and the eight of the head of IHDR; width and height follow.
  if (png.size() < 24 || png.substr(1, 3) != "PNG") return "";
  // 4 image; Summary.Image: 1 height, 2 width, 3 colorspace (3: RGB), 4 encoded_image_string.
  const auto image = key(1, 0) + varint(big_endian(png.substr(20))) + key(2, 0) +
                     varint(big_endian(png.substr(16))) + key(3, 0) + varint(3) + with_length(4, png);
  return summary_event(wall_time, step, tag, with_length(4, image));
}

std::string settings_event(double wall_time, const nlohmann::json& settings) {
  // HParamsPluginData: 3 session_start_info; SessionStartInfo: 5 start_time_secs.
  const auto info = settings_below(settings, "") + key(5, 1) + little_endian(wall_time);
  return hparams_event(wall_time, "_hparams_/session_start_info", with_length(3, info));
}

std::string session_end_event(double wall_time, SessionStatus status) {
  // HParamsPluginData: 4 session_end_info; SessionEndInfo: 1 status, 2 end_time_secs.
  const auto info = key(1, 0) + varint(static_cast<uint64_t>(status)) + key(2, 1) + little_endian(wall_time);
  return hparams_event(wall_time, "_hparams_/session_end_info", with_length(4, info));
}

}  // namespace kindred
