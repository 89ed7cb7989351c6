#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kindred::host {

/// A message in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/):
/// fields, each with its number, in the order in which they are added.
class WireMessage {
 public:
  WireMessage& integer(uint32_t field, int64_t value);
  WireMessage& float32(uint32_t field, double value);
  /// A text, bytes, or another message.
  WireMessage& bytes(uint32_t field, std::string_view content);
  WireMessage& message(uint32_t field, const WireMessage& content) { return bytes(field, content.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  enum WireType : uint32_t { kVarint = 0, kLengthDelimited = 2, kFixed32 = 5 };
  void tag(uint32_t field, WireType type) { varint(field << 3 | type); }
  void varint(uint64_t value);

  std::string bytes_;
};

}  // namespace kindred::host
