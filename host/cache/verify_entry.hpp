#pragma once

#include <string>
#include <vector>

#include "host/cache/cache_folder.hpp"

namespace kindred::host {

struct EntryCheck {
  std::vector<std::string> problems;  ///< sentences; empty: nothing is wrong
  bool has_checksum = false;          ///< else flipped bits could not be found
};

/// Says whether the files of an entry's shards are there, can be understood, have the size that their headers
/// promise and, when complete, the bytes that were written: all of it is read. One that is in use changes
/// meanwhile and is not to be checked. Of one of the earlier layout nothing is checked, since nothing reads
/// it.
EntryCheck verify_entry(const CacheEntry& entry);

}  // namespace kindred::host
