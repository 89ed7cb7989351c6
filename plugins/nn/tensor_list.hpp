#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

/// Where layers register their tensors, under the names that published checkpoints give them.
struct TensorList {
  std::vector<NamedTensor> parameters, buffers;
};

/// Loads `path` into the tensors of `list`; `what` begins the messages. Names of the file that `ignore`
/// accepts may be surplus. Throws Error that names what is missing or misshapen.
void load_weights(const std::string& what, const std::string& path, const TensorList& list,
                  bool (*ignore)(const std::string&));

}  // namespace kindred::nn
