#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kindred {

struct NumberedLabels {
  std::vector<int64_t> labels;
  std::vector<std::string> names;  ///< by label; empty when the words were integers
};

/// Labels that are words, or numbers in words: if all are integers of at least 0 they stay what they are,
/// else they are numbered in the order of their names.
NumberedLabels numbered_labels(const std::vector<std::string>& words);

/// The same for a list in which all have a label or none has, which makes all of them -1. `list` and `things`
/// are for the message: "labels.jsonl has labels in 3 of 5 lines". Throws Error.
NumberedLabels numbered_if_given(const std::vector<std::optional<std::string>>& words,
                                 const std::string& list, const std::string& things);

}  // namespace kindred
