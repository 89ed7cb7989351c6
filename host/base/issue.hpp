#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace kindred::host {

/// One thing wrong with a pipeline.
struct Issue {
  std::string file;     ///< the pipeline file as it was given
  std::string pointer;  ///< JSON pointer (RFC 6901), "" for the whole document
  std::string message;  ///< what was given, what was expected, how to fix it
};

/// Returns a line such as "pipeline.json#/train/loss/marginn: unknown parameter ...".
std::string issue_text(const Issue& issue);

/// Says whether the JSON pointer is that of `place`, or of something in it.
bool is_at_or_below(const std::string& pointer, const std::string& place);

/// A pipeline that cannot be run; what() has every issue on a line of its own.
class PipelineError : public std::runtime_error {
 public:
  explicit PipelineError(std::vector<Issue> issues);
  const std::vector<Issue>& issues() const { return issues_; }

 private:
  std::vector<Issue> issues_;
};

}  // namespace kindred::host
