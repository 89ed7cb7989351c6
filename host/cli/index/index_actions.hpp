#pragma once

#include "host/cli/command_line.hpp"

namespace kindred::host {

// Each does one action of `host index`, prints what came of it, and returns an exit code. They throw what
// CommandBody::Run may throw.
int build_index(const CommandLine& command);
int add_to_index(const CommandLine& command);
int update_index(const CommandLine& command);
int remove_from_index(const CommandLine& command);
int show_index(const CommandLine& command);
int check_index(const CommandLine& command);
int compact_index(const CommandLine& command);
int merge_indexes(const CommandLine& command);
int export_index(const CommandLine& command);
int import_index(const CommandLine& command);
int show_outliers(const CommandLine& command);

}  // namespace kindred::host
