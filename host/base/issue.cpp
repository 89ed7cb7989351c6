#include "host/base/issue.hpp"

namespace kindred::host {
namespace {

std::string all_texts(const std::vector<Issue>& issues) {
  std::string text;
  for (const auto& issue : issues) text += (text.empty() ? "" : "\n") + issue_text(issue);
  return text;
}

}  // namespace

std::string issue_text(const Issue& issue) { return issue.file + "#" + issue.pointer + ": " + issue.message; }

bool is_at_or_below(const std::string& pointer, const std::string& place) {
  return pointer.rfind(place, 0) == 0 && (pointer.size() == place.size() || pointer[place.size()] == '/');
}

PipelineError::PipelineError(std::vector<Issue> issues)
    : std::runtime_error(all_texts(issues)), issues_(std::move(issues)) {}

}  // namespace kindred::host
