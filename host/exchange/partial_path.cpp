#include "host/exchange/partial_path.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/base/partial_file.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

PartialPath::PartialPath(std::string place) : place_(std::move(place)), path_(place_ + ".partial") {
  // What a process left that was killed would be read by libraries that open files.
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
    throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

PartialPath::~PartialPath() { ::unlink(path_.c_str()); }

void PartialPath::finish() {
  sync_file(path_);
  if (::rename(path_.c_str(), place_.c_str()) != 0)
    throw Error(fmt::format("cannot write {}: {}", place_, std::strerror(errno)));
  sync_folder(fs::path(place_).parent_path().string());
}

void check_new_files(const std::vector<std::string>& paths, const std::string& extension) {
  const auto& first = paths.front();
  if (fs::path(first).extension() != extension)
    throw Error(fmt::format("{} does not end in {}, as the file is named", first, extension));
  for (const auto& path : paths) {
    if (fs::exists(path)) {
      throw Error(fmt::format("{} is there already; name a file that is not, or remove it", path));
    }
  }
  const auto folder = fs::path(first).parent_path();
  if (!folder.empty() && !fs::is_directory(folder))
    throw Error(fmt::format("{} cannot be written: there is no folder {}", first, folder.string()));
}

}  // namespace kindred::host
