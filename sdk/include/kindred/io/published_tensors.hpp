#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred {

/// What an encoder may be, too, whose tensors have other names or shapes than those in the files that its
/// weights come from: `host export --to state_dict` writes what it gives, so that the code that the weights
/// come from reads them again. An encoder that is not one is written as module_tensors() has it.
class __attribute__((visibility("default"))) PublishedTensors {
 public:
  virtual ~PublishedTensors() = default;

  /// The values of all parameters() and buffers(), under the names and with the shapes of that code. The
  /// encoder reads a file of them as its weights. [any thread, one at a time]
  virtual std::vector<NamedTensor> published_tensors() const = 0;

  /// Where that code looks for them: a path below the folder that the encoder was made from, such as
  /// "0_Transformer/model.safetensors". [any thread, one at a time]
  virtual std::string weights_file() const { return "model.safetensors"; }
};

}  // namespace kindred
