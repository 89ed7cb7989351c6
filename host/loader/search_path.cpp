#include "host/loader/search_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "host/loader/library.hpp"
#include "host/loader/plugin_error.hpp"

namespace kindred::host {

namespace {

namespace fs = std::filesystem;

void append(SearchPath& path, const fs::path& folder) {
  const auto canonical = fs::canonical(folder).string();
  auto& folders = path.folders;
  if (std::find(folders.begin(), folders.end(), canonical) == folders.end()) folders.push_back(canonical);
}

void append_required(SearchPath& path, const std::string& folder, const std::string& giver) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return append(path, folder);
  const bool exists = fs::exists(folder, failed);
  throw PluginError("", "", "search",
                    giver + " names \"" + folder + "\", which " +
                        (exists ? "is not a folder" : "does not exist") +
                        "; give a folder that holds *.kindred.so files (relative ones start at " +
                        fs::current_path(failed).string() + ")");
}

void append_optional(SearchPath& path, const fs::path& folder) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) append(path, folder);
}

void append_variable(SearchPath& path) {
  const char* variable = std::getenv("KINDRED_PLUGIN_PATH");
  if (variable == nullptr) return;
  std::istringstream list(variable);
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) append_optional(path, folder);  // unlike in PATH, an empty entry is not "."
  }
}

}  // namespace

SearchPath plugin_search_path(const std::vector<std::string>& cli_folders,
                              const std::vector<std::string>& pipeline_folders) {
  SearchPath path;
  for (const auto& folder : cli_folders) append_required(path, folder, "--plugins");
  for (const auto& folder : pipeline_folders) append_required(path, folder, "the pipeline's \"plugins\"");
  append_variable(path);
  append_optional(path, fs::path(program_path()).parent_path() / ".." / "lib" / "kindred" / "plugins");
  return path;
}

SearchPath plugin_search_path_of_library(const std::vector<std::string>& folders, const std::string& own) {
  SearchPath path;
  for (const auto& folder : folders) append_required(path, folder, "the option plugin_folders");
  append_variable(path);
  if (!own.empty()) append_optional(path, own);
  return path;
}

}  // namespace kindred::host
