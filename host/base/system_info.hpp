#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// Returns the largest resident set of this process so far, in bytes (VmHWM).
int64_t peak_resident_bytes();

/// Returns the resident set of this process now, in bytes (VmRSS).
int64_t resident_bytes();

/// The memory of this machine, in bytes.
uint64_t physical_memory_bytes();

/// Memory that can be taken without swapping, in bytes (MemAvailable).
uint64_t available_memory_bytes();

/// Bytes that can be written below a folder, which need not exist yet.
uint64_t free_disk_bytes(const std::string& folder);

/// The name of this machine, for people.
std::string name_of_machine();

/// Returns the model name of the first processor, or "unknown".
std::string cpu_model();

/// Names the instruction sets that matter for speed here and that this processor has.
std::vector<std::string> cpu_features();

/// Folder of the running executable, with a trailing slash removed.
std::string executable_folder();

/// Names of the shared libraries that are mapped into this process, as the dynamic linker knows them: paths,
/// which may be links.
std::vector<std::string> mapped_libraries();

/// Returns the time now in UTC, such as "20261123T224501Z".
std::string utc_time_for_folder();

}  // namespace kindred::host
