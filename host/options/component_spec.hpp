#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kindred::host {

struct ComponentInfo;

/// A component that a pipeline asks for, with checked and complete parameters; paths in them are absolute.
struct ComponentSpec {
  const ComponentInfo* info = nullptr;  ///< owned by the catalogue; null where the entry is wrong or missing
  nlohmann::json params;
  std::string pointer;          ///< JSON pointer of the entry
  std::string file;             ///< the pipeline file, for messages
  bool random_weights = false;  ///< whether the pipeline asks for them, in place of initial weights
};

}  // namespace kindred::host
