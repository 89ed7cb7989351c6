#include "host/training/tensor_patterns.hpp"

#include <algorithm>

#include "host/base/issue.hpp"

namespace kindred::host {

bool matches_pattern(const std::string& pattern, const std::string& name) {
  // Greedy: when it goes wrong, the last * takes one character more.
  size_t p = 0, n = 0, star = std::string::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

double lr_factor(const TrainingOptions& options, const std::string& name) {
  double product = 1;
  for (const auto& [pattern, factor] : options.lr_factors) {
    if (matches_pattern(pattern, name)) product *= factor;
  }
  return product;
}

bool is_frozen(const TrainingOptions& options, const std::string& name, int64_t epoch) {
  return std::any_of(options.freeze.begin(), options.freeze.end(), [&](const FreezeOptions& one) {
    const bool now = epoch + 1 >= one.from_epoch && (one.until_epoch == 0 || epoch + 1 <= one.until_epoch);
    return now && matches_pattern(one.tensors, name);
  });
}

void check_patterns(const TrainingOptions& options, const std::vector<std::string>& names) {
  std::vector<Issue> issues;
  const auto check = [&](const std::string& pointer, const std::string& pattern) {
    const bool found = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return matches_pattern(pattern, name); });
    if (found) return;
    std::string examples;
    for (size_t i = 0; i < std::min<size_t>(names.size(), 3); ++i) examples += (i > 0 ? ", " : "") + names[i];
    issues.push_back({options.file, pointer,
                      "no parameter that is trained is called \"" + pattern + "\"; there are " +
                          std::to_string(names.size()) + ", such as " + examples});
  };
  for (const auto& [pattern, factor] : options.lr_factors) {
    check((nlohmann::json::json_pointer("/train/optimizer/lr_factors") / pattern).to_string(), pattern);
  }
  for (size_t i = 0; i < options.freeze.size(); ++i) {
    check("/train/freeze/" + std::to_string(i) + "/tensors", options.freeze[i].tensors);
  }
  if (!issues.empty()) throw PipelineError(issues);
}

}  // namespace kindred::host
