#include "host/cli/embed/output_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <set>
#include <utility>

#include "host/cli/command_line.hpp"
#include "host/cli/embed/embedding_output.hpp"

namespace kindred::host {

void check_output_is_no_input(const std::string& array, const std::vector<std::string>& inputs) {
  // Each file is looked at once: there may be a million inputs.
  std::set<std::pair<dev_t, ino_t>> written;
  struct stat status {};
  for (const auto& file : EmbeddingOutput::files_of(array)) {
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode))
      written.emplace(status.st_dev, status.st_ino);
  }
  if (written.empty()) return;
  for (const auto& input : inputs) {
    if (::stat(input.c_str(), &status) != 0 || written.count({status.st_dev, status.st_ino}) == 0) continue;
    throw UsageError(fmt::format("{} is an input and would be overwritten; name another --output", input));
  }
}

}  // namespace kindred::host
