#pragma once

#include <string>
#include <vector>

#include "host/cache/cache_folder.hpp"

namespace kindred::host {

struct EntryCheck {
  std::vector<std::string> problems;  ///< sentences; empty: nothing is wrong
  bool has_checksum = false;          ///< else flipped bits could not be found
};

/// Whether an entry's files are there, can be understood, have the size that their header promises and, when
/// complete, the bytes that were written: all of it is read. One that is in use changes meanwhile and is not
/// to be checked.
EntryCheck verify_entry(const CacheEntry& entry);

}  // namespace kindred::host
