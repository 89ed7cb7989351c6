#pragma once

#include "host/cli/command_line.hpp"

namespace kindred::host {

// Options of the commands that compute, which are in libkindred_engine.so. They are apart from the commands
// so that the program `host` answers --help and refuses a mistyped option without loading LibTorch.
CommandLine run_command_line();
CommandLine validate_command_line();
CommandLine evaluate_command_line();
CommandLine embed_command_line();
CommandLine doctor_command_line();

}  // namespace kindred::host
