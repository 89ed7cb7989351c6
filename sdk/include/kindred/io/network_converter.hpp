#pragma once

#include <string>

namespace kindred {

/// What an encoder may be, too, whose engine has a format of its own for the network files that it computes:
/// `host export --to openvino` has it write them.
class __attribute__((visibility("default"))) NetworkConverter {
 public:
  virtual ~NetworkConverter() = default;

  /// Writes the network of `file`, any that the encoder takes or one of the same network for other types of
  /// input, in the engine's format to `target`, and to the same name with another ending what that format
  /// needs beside it. Weights keep their precision. Throws Error. [any thread, one at a time]
  virtual void convert_network(const std::string& file, const std::string& target) const = 0;
};

}  // namespace kindred
