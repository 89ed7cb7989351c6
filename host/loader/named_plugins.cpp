#include "host/loader/named_plugins.hpp"

#include <filesystem>

namespace kindred::host {

void require_named_plugins(const Catalog& catalog, const std::vector<std::string>& named) {
  for (const auto& rejected : catalog.rejected()) {
    if (rejected.code == kDuplicateCode) throw rejected.error();
    const auto folder = std::filesystem::path(rejected.file).parent_path();
    for (const auto& one : named) {
      std::error_code absent;
      if (std::filesystem::equivalent(folder, one, absent)) throw rejected.error();
    }
  }
}

}  // namespace kindred::host
