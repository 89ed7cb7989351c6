#include "host/model/model_fingerprint.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/base/content_hash.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

std::string model_fingerprint(const std::string& folder) {
  const auto path = (fs::path(folder) / "model.json").string();
  const auto manifest = parse_json(read_file(path));
  if (!manifest.is_object()) throw Error(path + " is not the manifest of a Kindred model");
  ContentHash hash;
  for (const auto* part : {"encoders", "transforms", "heads"}) {
    if (!manifest.contains(part)) throw Error(path + " is not complete: it has no \"" + part + "\"");
    hash.add(std::string(part) + " " + json_text(manifest[part]) + "\n");
  }
  std::vector<fs::path> files = {"encoder.safetensors", "head.safetensors"};
  const auto resources = fs::path(folder) / "resources";
  if (fs::is_directory(resources)) {
    for (const auto& entry : fs::recursive_directory_iterator(resources)) {
      if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(folder));
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files)
    hash.add(file.string() + " " + hash_of_file((fs::path(folder) / file).string()) + "\n");
  return hash.hex();
}

}  // namespace kindred::host
