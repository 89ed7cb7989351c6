#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// A file beside the entries of a cache, in which a run keeps which samples of one dataset are equal. It is
/// small, and a run that misses it searches again.
struct KeptList {
  std::string name;      ///< of the file
  std::string path;      ///< with the cache's directory
  uintmax_t bytes = 0;   ///< on disk
  int64_t last_use = 0;  ///< Unix time in seconds when it was written
};

/// The name of the list that has this key, which is a fingerprint: 32 hexadecimal digits.
std::string kept_list_name(const std::string& key);

/// Says whether a file of this name is such a list, or what a killed process left of writing one.
bool is_kept_list(const std::string& name);

}  // namespace kindred::host
