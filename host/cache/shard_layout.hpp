#pragma once

#include <algorithm>
#include <cstdint>

namespace kindred::host {

/// How the rows of an entry are divided among its shards: each but the last has `shard_rows` of them, in the
/// order of the entry.
struct ShardLayout {
  int64_t rows = 0;        ///< of the entry
  int64_t shard_rows = 1;  ///< of a shard, positive

  /// The number of shards is at least 1: an entry without rows is one empty shard.
  int64_t count() const { return std::max<int64_t>((rows + shard_rows - 1) / shard_rows, 1); }
  /// The entry's row with which a shard begins.
  int64_t first(int64_t shard) const { return shard * shard_rows; }
  int64_t rows_of(int64_t shard) const { return std::min(shard_rows, rows - first(shard)); }
};

/// The layout of an entry of `rows` rows of `row_bytes` bytes. Shards have at most 64 MiB, and an entry at
/// least 8 of them, so that several processes find work, but no shard has fewer than 64 rows. Rows per shard
/// are a power of two, so that the usual batches fill a shard without a rest. All processes agree, since it
/// depends on nothing else.
ShardLayout shard_layout(int64_t rows, int64_t row_bytes);

}  // namespace kindred::host
