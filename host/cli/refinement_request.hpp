#pragma once

#include "host/cli/command_line.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

/// What --cut, --whiten, --codes and --rerank ask for. Throws UsageError.
Refinements refinement_request(const CommandLine& command);

}  // namespace kindred::host
