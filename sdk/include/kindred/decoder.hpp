#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// Encoded bytes -> a picture. A decoder does not know where the bytes come from: a file, a member of an
/// archive and the body of a request go the same way. The host asks every decoder it found whether it
/// recognizes the bytes and hands them to the first, by id, that does. [thread-safe]
class __attribute__((visibility("default"))) Decoder {
 public:
  static constexpr const char* kKind = "decoder";
  static constexpr uint32_t kRevision = 1;
  virtual ~Decoder() = default;

  /// Says whether the bytes look like one of its formats: by their content, such as the mark that they begin
  /// with, never by a name. It is asked about anything, also about no bytes at all, so it is quick and never
  /// throws.
  virtual bool recognizes(std::string_view bytes) const = 0;

  /// uint8 (H, W, 3) RGB, contiguous on the CPU, with H and W of at least 1. `name` is what messages call the
  /// bytes. Throws Error with a sentence that begins with `name` where the bytes are damaged, cut off or of
  /// another format: bytes come from strangers.
  virtual at::Tensor decode(std::string_view bytes, const std::string& name) const = 0;

  /// How names of such files usually end, in lower case with their dot: {".jpg", ".jpeg"}. By these the host
  /// chooses files of a folder.
  virtual std::vector<std::string> extensions() const = 0;

  /// One small encoded picture per format at least, by which kindred-check tries the decoder.
  virtual std::vector<std::string> examples() const = 0;
};

}  // namespace kindred
