#include "host/cli/cache_directory.hpp"

#include <filesystem>

#include "host/pipeline/document.hpp"
#include "host/pipeline/sections.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

std::string cache_directory(const std::string& argument) {
  if (argument.empty()) return CacheSection{}.directory;
  if (fs::is_directory(argument)) return argument;
  if (!fs::exists(argument)) {
    throw Error("there is no folder or file " + argument +
                "; name the folder of a cache, or a pipeline file, whose cache.directory is taken");
  }
  const auto document = load_document(argument, {});
  if (!document.value.contains("kindred")) {
    throw PipelineError(
        {{argument, "/kindred", "the key is missing, so this is no pipeline file; name one, or a folder"}});
  }
  std::vector<ParamIssue> found;
  const auto section = Schema<CacheSection>::get().read(document.value.value("cache", json::object()), found);
  std::vector<Issue> issues;
  for (const auto& one : found) issues.push_back({argument, "/cache" + one.pointer, one.message});
  if (!issues.empty()) throw PipelineError(issues);
  // A default stands in no file, so it starts at the working directory.
  const std::string place = "/cache/directory";
  return document.origins.count(place) > 0 ? document.resolve_path(place, section.directory)
                                           : section.directory;
}

}  // namespace kindred::host
