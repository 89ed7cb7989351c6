#include "host/loader/library_plugins.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "host/loader/named_plugins.hpp"
#include "host/loader/search_path.hpp"

namespace kindred::host {
namespace {

std::string folder_of_this_library() {
  namespace fs = std::filesystem;
  Dl_info info{};
  const auto* here = reinterpret_cast<const void*>(&folder_of_this_library);
  if (dladdr(here, &info) == 0 || info.dli_fname == nullptr) return "";
  std::error_code failed;
  const auto library = fs::canonical(info.dli_fname, failed);
  return failed ? "" : library.parent_path().string();
}

}  // namespace

Catalog load_library_plugins(const std::vector<std::string>& folders, const std::string& beside) {
  const auto own = folder_of_this_library();
  const auto path = plugin_search_path_of_library(folders, own.empty() ? "" : own + "/" + beside);
  auto catalog = Catalog::load(path);
  require_named_plugins(catalog, folders);
  return catalog;
}

std::string refused_plugins(const Catalog& catalog) {
  std::string text;
  for (const auto& one : catalog.rejected())
    text += (text.empty() ? "; refused were " : ", ") + one.file + " (" + one.code + " " + one.message + ")";
  return text;
}

}  // namespace kindred::host
