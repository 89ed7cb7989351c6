#pragma once

#include <string>

namespace kindred::host {

struct RunRemoval {
  std::string left;     ///< why the run, or something of it, is still there; "": it is gone
  bool failed = false;  ///< `left` is a failure, not a reason to leave it
};

/// Removes the folder of a run that failed. It is left alone where it is a link or no folder of a run, where
/// its result is not (any more) that it failed, where a process writes it, and where something lies in it
/// that no run writes. Links in it are removed, and what they lead to is not. `dry_run`: only says what would
/// be done.
RunRemoval remove_failed_run(const std::string& path, bool dry_run);

}  // namespace kindred::host
