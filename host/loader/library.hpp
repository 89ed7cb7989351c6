#pragma once

#include <string>

#include "kindred/abi/abi.h"

namespace kindred::host {

/// Maps the library at the absolute `path` (all symbols resolved at once, none shown to other libraries)
/// and returns its descriptor, or null when it exports none. It is never unmapped. Runs the library's
/// static constructors, so the gate comes first. Throws std::runtime_error with the dynamic linker's
/// sentence.
const kindred_plugin* open_library(const std::string& path);

/// Absolute path of the running executable.
std::string program_path();

}  // namespace kindred::host
