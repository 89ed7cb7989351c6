#include "host/index/component_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/content_hash.hpp"
#include "host/base/partial_file.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

std::vector<ComponentFile> save_files(const std::function<void(const std::string& folder)>& save,
                                      const std::string& folder) {
  const fs::path partial(folder + ".partial");
  fs::remove_all(partial);
  fs::create_directory(partial);
  save(partial.string());
  std::vector<ComponentFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(partial)) {
    if (entry.is_directory()) continue;
    const auto path = entry.path().string();
    sync_file(path);
    files.push_back({entry.path().lexically_relative(partial).string(), hash_of_file(path)});
  }
  if (files.empty()) {
    fs::remove_all(partial);
    return files;
  }
  std::sort(files.begin(), files.end(),
            [](const ComponentFile& a, const ComponentFile& b) { return a.name < b.name; });
  for (const auto& entry : fs::recursive_directory_iterator(partial)) {
    if (entry.is_directory()) sync_folder(entry.path().string());
  }
  sync_folder(partial.string());
  fs::rename(partial, folder);
  sync_folder(fs::path(folder).parent_path().string());
  return files;
}

std::vector<std::string> damage_of_files(const std::string& folder, const std::vector<ComponentFile>& files,
                                         const std::string& advice) {
  std::vector<std::string> found;
  for (const auto& file : files) {
    const auto path = (fs::path(folder) / file.name).string();
    try {
      if (hash_of_file(path) != file.hash)
        found.push_back(path + " is damaged: it is not what was written; " + advice);
    } catch (const Error& error) {
      found.push_back(fmt::format("{}; {}", error.what(), advice));
    }
  }
  return found;
}

}  // namespace kindred::host
