#include "host/cache/shard_layout.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kShardBytes = 64 << 20, kFewestShards = 8, kFewestRows = 64;

}  // namespace

ShardLayout shard_layout(int64_t rows, int64_t row_bytes) {
  const auto most = std::min(kShardBytes / std::max<int64_t>(row_bytes, 1), rows / kFewestShards);
  ShardLayout layout{rows, kFewestRows};
  while (layout.shard_rows * 2 <= most) layout.shard_rows *= 2;
  return layout;
}

}  // namespace kindred::host
