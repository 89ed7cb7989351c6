#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kindred/decoder.hpp"

namespace kindred::host {

class Catalog;

/// The decoders of all plugins that were found. [const methods: thread-safe]
class Decoders {
 public:
  Decoders() = default;

  /// Makes each with its default parameters; one that requires parameters is left out. Throws PluginError
  /// when one cannot be made.
  explicit Decoders(const Catalog& catalog);

  /// uint8 (H, W, 3) RGB by the first decoder, in the order of ids, that recognizes the bytes. Where none
  /// does, the one that the ending of `name` belongs to says what is wrong with them. Throws Error with a
  /// sentence that names the bytes, PluginError when a decoder breaks its contract.
  at::Tensor decode(std::string_view bytes, const std::string& name) const;

  /// Returns the endings of the files that they read: ".jpg", ...
  std::vector<std::string> extensions() const;

  /// Throws Error when there is no decoder.
  void require_any() const;

 private:
  std::vector<std::shared_ptr<Decoder>> decoders_;  ///< under their contracts
};

/// Says whether a name ends in one of `extensions`, which are in lower case; that of the name may be in any.
bool has_extension(const std::string& name, const std::vector<std::string>& extensions);

}  // namespace kindred::host
