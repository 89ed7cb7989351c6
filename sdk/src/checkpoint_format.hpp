#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

/// The formats behind read_checkpoint; each takes the whole file, or its path where a library opens it.
namespace kindred {

std::vector<NamedTensor> read_safetensors(const std::string& path, const std::string& bytes);
std::vector<NamedTensor> read_torch_zip(const std::string& path);
std::vector<NamedTensor> read_torch_legacy(const std::string& path, const std::string& bytes);

}  // namespace kindred
