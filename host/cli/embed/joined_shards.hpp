#pragma once

#include <cstdint>
#include <string>

#include "host/base/context.hpp"

namespace kindred::host {

/// What became of joined shards.
struct JoinedShards {
  int64_t shards = 0, rows = 0, dimension = 0, failed = 0;
};

/// Writes one array and one list, in the order of the inputs, of the shards that lie beside `array` and that
/// --shard wrote for it: "cars.npy" of "cars-00001-of-00004.npy" and so on, which stay. Both are what one
/// process without --shard writes, bit for bit, where all shards were computed on devices of one kind. Throws
/// Error that names the shards which are missing, or where they are not of one work; Interrupted.
JoinedShards join_shards(const std::string& array, Context& context);

}  // namespace kindred::host
