#include "host/export/run_file.hpp"

#include <filesystem>

namespace kindred::host {
namespace fs = std::filesystem;

std::string file_of_run(const std::string& model_folder, const std::string& name) {
  const auto folder = fs::absolute(model_folder).lexically_normal();
  const auto path = (folder.has_filename() ? folder : folder.parent_path()).parent_path() / name;
  std::error_code absent;
  return fs::is_regular_file(path, absent) ? path.string() : "";
}

}  // namespace kindred::host
