#pragma once

#include <string>
#include <vector>

#include "kindred/text.hpp"

namespace kindred::testing {

/// A batch as the host makes it.
inline Batch text_batch(const std::vector<std::string>& texts) {
  std::vector<at::Tensor> objects;
  for (const auto& text : texts) objects.push_back(text_tensor(text));
  return kindred::text_batch(objects);
}

}  // namespace kindred::testing
