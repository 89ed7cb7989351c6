#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// How many processors this process may use at once, at least 1: those of its affinity mask, but no more than
/// the quota of its control group allows, rounded up. A container that may use one of 64 processors gets 1.
/// Processes that torchrun or mpirun began on one machine divide its processors among themselves. The system
/// is asked once.
int64_t usable_processors();

/// The processors that a quota allows, rounded up; 0 where there is none. `cgroup_file` names the control
/// groups of a process as /proc/self/cgroup does, `mount` is where their files are, /sys/fs/cgroup. Groups of
/// version 2 are bounded by each group above them.
int64_t processors_of_quota(const std::string& cgroup_file, const std::string& mount);

}  // namespace kindred::host
