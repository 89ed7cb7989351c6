#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kindred::host {

/// Makes a 128-bit XXH3 of a stream of bytes; how they are cut into pieces does not matter, unlike for
/// Fingerprint. It finds flipped bits, not forgery.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;

  void add(std::string_view bytes);
  /// Adds `size` bytes of an open file from `offset` on, read a piece at a time. `path` is for messages.
  /// Throws Error.
  void add_file(int file, int64_t offset, int64_t size, const std::string& path);
  /// The hash of what was added so far, as 32 hexadecimal digits.
  std::string hex() const;

 private:
  void* state_;
};

/// The hash of a whole file, as ContentHash::hex() gives it. Throws Error.
std::string hash_of_file(const std::string& path);

}  // namespace kindred::host
