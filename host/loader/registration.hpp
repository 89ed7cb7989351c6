#pragma once

#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "kindred/abi.h"

namespace kindred::host {

/// What one file offers, checked but not yet compared with other files.
struct Registration {
  LoadedPlugin plugin;
  std::vector<ComponentInfo> components;
};

/// Maps `file`, whose tag passed the gate, checks its descriptor against `tag`, and asks every component
/// for its schema. Throws RejectedPlugin with KDP009, KDP010, KDP011 (an id twice in this file) or KDP013.
Registration register_plugin(const std::string& file, const kindred_build_tag& tag);

}  // namespace kindred::host
