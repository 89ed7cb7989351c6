#include "host/model/resources.hpp"

#include <algorithm>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>

#include "host/loader/path_parameters.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepest = 8;  // of a resource's folders

/// Lists of weights that are divided over files count, too.
bool holds_weights(const fs::path& path) {
  const auto name = path.filename().string();
  const std::string index = ".index.json";
  if (name.size() > index.size() && name.compare(name.size() - index.size(), index.size(), index) == 0)
    return true;
  static const std::vector<std::string> extensions = {".safetensors", ".bin", ".pt",      ".pth",    ".h5",
                                                      ".onnx",        ".ot",  ".msgpack", ".tflite", ".ckpt"};
  return std::find(extensions.begin(), extensions.end(), path.extension().string()) != extensions.end();
}

bool is_other_format(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name == "onnx" || name == "openvino" || name.front() == '.';
}

/// Mapped, since models of words have gigabytes.
void copy_bytes(const fs::path& path, const fs::path& target) {
  fs::create_directories(target.parent_path());
  if (fs::file_size(path) == 0) return write_file_atomically(target.string(), "");
  namespace bi = boost::interprocess;
  try {
    const bi::file_mapping file(path.c_str(), bi::read_only);
    const bi::mapped_region bytes(file, bi::read_only);
    write_file_atomically(target.string(), {static_cast<const char*>(bytes.get_address()), bytes.get_size()});
  } catch (const bi::interprocess_exception& error) {
    throw Error("cannot read " + path.string() + ": " + error.what());
  }
}

}  // namespace

std::vector<fs::path> resource_files(const fs::path& path) {
  if (fs::is_regular_file(path)) return {path};
  std::vector<fs::path> files;
  std::error_code failure;
  const auto follow = fs::directory_options::follow_directory_symlink;
  for (auto it = fs::recursive_directory_iterator(path, follow, failure);
       it != fs::recursive_directory_iterator(); it.increment(failure)) {
    if (failure) break;
    if (it.depth() > kDeepest)
      throw Error("the folder " + path.string() + " is too deep: does a link lead round?");
    if (it->is_directory() && is_other_format(it->path())) it.disable_recursion_pending();
    if (it->is_regular_file() && !holds_weights(it->path())) files.push_back(it->path());
  }
  if (failure) throw Error("cannot read the folder " + path.string() + ": " + failure.message());
  std::sort(files.begin(), files.end());
  return files;
}

void copy_resource(const fs::path& path, const fs::path& target) {
  if (fs::is_regular_file(path)) {
    copy_bytes(path, target);
    return;
  }
  fs::create_directories(target);
  for (const auto& file : resource_files(path)) copy_bytes(file, target / file.lexically_relative(path));
}

std::vector<std::string> resources_of(const ComponentInfo& info, const nlohmann::json& params) {
  std::vector<std::string> paths;
  for (const auto& [name, field] : info.schema["properties"].items()) {
    if (path_use(field) != PathUse::resource || !params.contains(name)) continue;
    auto path = params.at(name).get<std::string>();
    if (!path.empty()) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace kindred::host
