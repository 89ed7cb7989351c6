#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/cache/cache_folder.hpp"

namespace kindred::host {

/// The shards of an entry that are not complete, in order; empty where it is unknown how many there are.
std::vector<int64_t> missing_shards(const CacheEntry& entry);

/// Numbers in order as text: "3, 5 to 7, 11".
std::string ranges_text(const std::vector<int64_t>& numbers);

}  // namespace kindred::host
