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
  // Summary: 1 value; Summary.Value: 1 tag, 2 simple_value.
  const auto scalar = with_length(1, tag) + key(2, 5) + little_endian(value);
  return event_of(wall_time, step) + with_length(5, with_length(1, scalar));
}

}  // namespace kindred
