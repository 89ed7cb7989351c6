#pragma once

#include <string>
#include <vector>

#include "host/cli/command_table.hpp"

namespace kindred::host {

/// Runs a command of libkindred_engine.so or libkindred_tools.so, which is loaded for it, and LibTorch with
/// it; `arguments` begins with the command's name. Returns its exit code. Throws Error where the library
/// cannot be loaded. A process runs one command, so it loads one of them: both have code in common.
int run_library_command(CommandLibrary library, const std::vector<std::string>& arguments);

}  // namespace kindred::host
