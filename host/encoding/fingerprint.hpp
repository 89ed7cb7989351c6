#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/content_hash.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// Makes a 128-bit XXH3 of everything that is added to it. It is no defence against forgery.
class Fingerprint {
 public:
  /// Adds a text. Each piece is preceded by its length, so that pieces cannot run into each other.
  void add(std::string_view text);
  /// Adds the names, dtypes, shapes and bytes of tensors.
  void add(const std::vector<NamedTensor>& tensors);
  /// The fingerprint of what was added so far, as 32 hexadecimal digits.
  std::string hex() const { return hash_.hex(); }

 private:
  ContentHash hash_;
};

}  // namespace kindred::host
