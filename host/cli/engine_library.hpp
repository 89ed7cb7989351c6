#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// Runs a command of libkindred_engine.so, which is loaded for it, and LibTorch with it; `arguments` begins
/// with the command's name. Returns its exit code. Throws Error where the library cannot be loaded.
int run_engine_command(const std::vector<std::string>& arguments);

}  // namespace kindred::host
