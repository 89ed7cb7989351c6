#pragma once

namespace kindred::host {

/// These are the codes that a shell script sees; docs/commands.md documents them.
enum ExitCode : int {
  kExitOk = 0,
  kExitRunFailed = 1,
  kExitUsage = 2,
  kExitInvalidPipeline = 3,
  kExitPlugin = 4,
  kExitInterrupted = 130,
};

}  // namespace kindred::host
