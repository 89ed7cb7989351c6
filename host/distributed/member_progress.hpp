#pragma once

#include <string>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// What a process tells the others of its task: how much of it is done, and what it is called.
std::string progress_to_tell(const ProgressState& state);

/// Adds to the note of rank 0 who of those that do the same task is the slowest, such as "rank 3 at 20 %",
/// where one is behind by a twentieth of the task or more, and by more than the age of what it told explains.
/// Nothing is added where the task is finished. `told`: what progress_to_tell() gave, by rank; empty where a
/// process has told nothing.
ProgressState with_slowest(ProgressState state, const std::vector<std::string>& told);

}  // namespace kindred::host
