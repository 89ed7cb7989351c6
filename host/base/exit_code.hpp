#pragma once

namespace kindred::host {

/// What a shell script sees; documented in docs/commands.md.
enum ExitCode : int {
  kExitOk = 0,
  kExitRunFailed = 1,
  kExitUsage = 2,
  kExitInvalidPipeline = 3,
  kExitPlugin = 4,
  kExitInterrupted = 130,
};

}  // namespace kindred::host
