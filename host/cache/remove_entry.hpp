#pragma once

#include <cstdint>
#include <string>

#include "host/cache/cache_folder.hpp"

namespace kindred::host {

struct Removal {
  uintmax_t freed = 0;  ///< bytes on disk
  std::string left;     ///< why the entry or list, or something in its folder, is still there; "": it is gone
  bool failed = false;  ///< `left` is a failure, not a reason to leave it
};

/// Removes an entry as it was listed: its files by their names, and its folder if nothing else is in it. One
/// that another process holds, or finished since it was listed, is left alone. A process that opened it
/// before keeps its rows; the space is free when it ends. `dry_run`: only says what would be done.
Removal remove_entry(const CacheEntry& entry, bool dry_run);

/// Removes a list. A run that needs it searches again.
Removal remove_list(const KeptList& list, bool dry_run);

}  // namespace kindred::host
