#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::host {

/// 128-bit XXH3 over everything added, as 32 hexadecimal digits. Not a defence against forgery.
class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  /// Each piece is preceded by its length, so that pieces cannot run into each other.
  void add(std::string_view text);
  /// Names, dtypes, shapes and bytes.
  void add(const std::vector<NamedTensor>& tensors);
  std::string hex() const;

 private:
  void* state_;
};

}  // namespace kindred::host
