#include "host/loader/published_weights.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// Value of an environment variable, "" where it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::vector<PublishedFile> published_files(const json& field) {
  std::vector<PublishedFile> files;
  const auto list = field.find("x-published");
  if (list == field.end() || !list->is_array()) return files;
  for (const auto& one : *list) {
    PublishedFile file;
    file.name = one.value("name", "");
    file.url = one.value("url", "");
    file.sha256 = one.value("sha256", "");
    file.licence = one.value("licence", "");
    file.source = one.value("source", "");
    file.mebibytes = one.value("mebibytes", 0.0);
    file.when = one.value("when", json::object());
    files.push_back(file);
  }
  return files;
}

bool holds_for(const json& when, const json& params) {
  return std::all_of(when.items().begin(), when.items().end(), [&](const auto& item) {
    const auto it = params.find(item.key());
    if (it == params.end()) return false;
    const auto& wanted = item.value();
    return wanted.is_array() ? std::find(wanted.begin(), wanted.end(), *it) != wanted.end() : *it == wanted;
  });
}

std::vector<std::string> fitting_names(const std::vector<PublishedFile>& files, const json& params) {
  std::vector<std::string> names;
  for (const auto& one : files) {
    if (holds_for(one.when, params)) names.push_back(one.name);
  }
  return names;
}

std::string weights_folder() {
  auto folder = environment("KINDRED_WEIGHTS");
  if (folder.empty()) {
    auto caches = environment("XDG_CACHE_HOME");
    if (caches.empty()) caches = environment("HOME") + "/.cache";
    folder = caches + "/kindred/weights";
  }
  return fs::absolute(folder).lexically_normal().string();
}

std::string local_path(const PublishedFile& file) {
  return (fs::path(weights_folder()) / file.url.substr(file.url.rfind('/') + 1)).string();
}

}  // namespace kindred::host
