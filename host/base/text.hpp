#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// Joins words with commas: "a, b, c".
inline std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Drops what LibTorch appends to a message: where in its code the error was raised.
inline std::string without_trace(const std::string& text) {
  return text.substr(0, text.find("\nException raised from "));
}

}  // namespace kindred::host
