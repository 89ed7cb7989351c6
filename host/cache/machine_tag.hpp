#pragma once

#include <string>

namespace kindred::host {

/// Names the running system, by kMachineDigits hexadecimal digits: processes with the same tag see each
/// other's file locks, whatever the file system, and others never write to a file that has the tag in its
/// name. It is of the kernel as it was booted and of the host's name, which containers of one kernel have
/// each for themselves; where the kernel does not tell, it is of the process.
std::string machine_tag();

}  // namespace kindred::host
