#pragma once

#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/loader/elf_file.hpp"
#include "kindred/abi/abi.h"

namespace kindred::host {

/// What one file offers, checked but not yet compared with other files.
struct Registration {
  LoadedPlugin plugin;
  std::vector<ComponentInfo> components;
};

/// Maps `file`, whose `notes` passed the gate, checks its descriptor against them, and asks every component
/// for its schema. Throws RejectedPlugin with KDP009, KDP010, KDP011 (an id twice in this file), KDP013, or
/// KDP017 for notes that contradict themselves.
Registration register_plugin(const std::string& file, const PluginNotes& notes);

/// The same from the notes of the file, without loading it: no schema, no entry. Throws RejectedPlugin with
/// KDP011 (an id twice in this file) or KDP017.
Registration registration_of_notes(const std::string& file, const PluginNotes& notes);

}  // namespace kindred::host
