#pragma once

#include <string>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred::testing {

/// What a dataset notes, without what follows from it.
inline std::vector<std::string> note_texts(const Dataset& dataset) {
  std::vector<std::string> texts;
  for (const auto& note : dataset.notes()) texts.push_back(note.text);
  return texts;
}

}  // namespace kindred::testing
