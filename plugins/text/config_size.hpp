#pragma once

#include <cstdint>

#include "kindred/io/json_file.hpp"

namespace kindred {

constexpr int64_t kLargestSize = int64_t{1}
                                 << 24;  ///< of anything in config.json; beyond it is a damaged file
constexpr int64_t kMostLayers = 4096;    ///< they are built before weights are compared with them

/// `value`, which `file` has, or stands for, under `key`. Throws Error where it is not from 1 to `largest`.
int64_t checked_size(const JsonFile& file, const char* key, int64_t value, int64_t largest = kLargestSize);

}  // namespace kindred
