#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/loader/catalog.hpp"

namespace kindred::host {

/// Files that a parameter marked resource() stands for, sorted: the file itself; of a folder all files in it,
/// without those that hold weights, since the tensors are stored by themselves. Throws Error.
std::vector<std::filesystem::path> resource_files(const std::filesystem::path& path);

/// Copies them to `target`, a file or a folder like `path`.
void copy_resource(const std::filesystem::path& path, const std::filesystem::path& target);

/// Paths of the resources that a component is constructed from.
std::vector<std::string> resources_of(const ComponentInfo& info, const nlohmann::json& params);

}  // namespace kindred::host
