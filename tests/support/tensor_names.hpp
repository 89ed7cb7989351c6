#pragma once

#include <string>
#include <vector>

#include "kindred/io/checkpoint.hpp"

namespace kindred::testing {

/// The names of the tensors in a checkpoint, in its order.
inline std::vector<std::string> tensor_names(const std::string& checkpoint) {
  std::vector<std::string> names;
  for (const auto& one : read_checkpoint(checkpoint)) names.push_back(one.name);
  return names;
}

}  // namespace kindred::testing
