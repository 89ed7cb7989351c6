#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kindred::host {

/// How a piece of work ended that was done by a child process.
struct ChildOutcome {
  bool succeeded = false;
  /// What it remarked; or why it did not succeed: what it threw, the signal that ended it, or that it took
  /// too long.
  std::string text;
};

/// Says how a child ends that did its work.
enum class Ending {
  at_once,       ///< nothing runs any more
  as_a_program,  ///< handlers of exit() and destructors of static objects run
};

/// Runs `work` in a forked child with a time limit, so that a crash or a hang is a result like any other. The
/// caller must not have started threads before (LibTorch's included).
ChildOutcome run_in_child(const std::function<void()>& work, int seconds, Ending ending = Ending::at_once);

/// The same of several, of which up to `at_once` run beside each other; each has its own time. Outcomes are
/// in the order of `works`.
std::vector<ChildOutcome> run_in_children(const std::vector<std::function<void()>>& works, int seconds,
                                          size_t at_once, Ending ending = Ending::at_once);

}  // namespace kindred::host
