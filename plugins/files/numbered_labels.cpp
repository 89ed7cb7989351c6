#include "files/numbered_labels.hpp"

#include <algorithm>
#include <cctype>

#include "kindred/error.hpp"

namespace kindred {
namespace {

bool is_integer(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

NumberedLabels numbered_labels(const std::vector<std::string>& words) {
  NumberedLabels out;
  out.labels.reserve(words.size());
  if (std::all_of(words.begin(), words.end(), is_integer)) {
    for (const auto& word : words) out.labels.push_back(std::stoll(word));
    return out;
  }
  out.names = words;
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  for (const auto& word : words)
    out.labels.push_back(std::lower_bound(out.names.begin(), out.names.end(), word) - out.names.begin());
  return out;
}

NumberedLabels numbered_if_given(const std::vector<std::optional<std::string>>& words,
                                 const std::string& list, const std::string& things) {
  std::vector<std::string> given;
  for (const auto& word : words) {
    if (word) given.push_back(*word);
  }
  if (given.empty()) return {std::vector<int64_t>(words.size(), -1), {}};
  if (given.size() == words.size()) return numbered_labels(given);
  throw Error(list + " has labels in " + std::to_string(given.size()) + " of " +
              std::to_string(words.size()) + " " + things + "; give all of them one, or none");
}

}  // namespace kindred
