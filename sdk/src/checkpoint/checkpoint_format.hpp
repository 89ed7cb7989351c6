#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

/// The formats behind read_checkpoint; each takes the whole file, or its path where a library opens it.
namespace kindred {

/// What a file holds, under the names that it gives; `notes` are sentences about what was left out.
struct Checkpoint {
  std::vector<NamedTensor> tensors;
  std::vector<std::string> notes;
  bool from_torch = true;  ///< written by torch.save
};

std::vector<NamedTensor> read_safetensors(const std::string& path, const std::string& bytes);
Checkpoint read_torch_zip(const std::string& path);
Checkpoint read_torch_legacy(const std::string& path, const std::string& bytes);

/// Any of them, and an index of several files, chosen by content. Names are as they stand in the file.
Checkpoint read_checkpoint_file(const std::string& path);

}  // namespace kindred
