#include "host/export/onnx/wire_message.hpp"

#include <cstring>

namespace kindred::host {

void WireMessage::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

WireMessage& WireMessage::integer(uint32_t field, int64_t value) {
  tag(field, kVarint);
  varint(static_cast<uint64_t>(value));
  return *this;
}

WireMessage& WireMessage::float32(uint32_t field, double value) {
  tag(field, kFixed32);
  const auto number = static_cast<float>(value);
  uint32_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>(bits >> shift));
  return *this;
}

WireMessage& WireMessage::bytes(uint32_t field, std::string_view content) {
  tag(field, kLengthDelimited);
  varint(content.size());
  bytes_.append(content);
  return *this;
}

}  // namespace kindred::host
