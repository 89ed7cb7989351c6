#include "host/cache/shard_layout.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(ShardLayout, covers_every_row_once_with_shards_of_a_bounded_size) {
  for (const int64_t rows : {0, 1, 63, 64, 65, 511, 512, 4072, 8144, 1000000}) {
    for (const int64_t row_bytes : {4, 5120, 200704, 3211264, 200 << 20}) {
      const auto layout = shard_layout(rows, row_bytes);
      ASSERT_GE(layout.count(), 1);
      int64_t next = 0;
      for (int64_t shard = 0; shard < layout.count(); ++shard) {
        EXPECT_EQ(layout.first(shard), next);
        EXPECT_EQ(layout.rows_of(shard) > 0, rows > 0);
        next += layout.rows_of(shard);
      }
      EXPECT_EQ(next, rows);
      EXPECT_EQ(layout.shard_rows & (layout.shard_rows - 1), 0) << "a power of two";
      EXPECT_GE(layout.shard_rows, 64);
      if (layout.shard_rows > 64) {
        EXPECT_LE(layout.shard_rows * row_bytes, 64 << 20);
        EXPECT_GE(layout.count(), 8);
      }
      if (rows >= 512) {
        EXPECT_GE(layout.count(), 8);
      }
    }
  }
}

TEST(ShardLayout, does_not_change_between_versions_of_a_cache) {
  EXPECT_EQ(shard_layout(4072, 5120).shard_rows, 256);
  EXPECT_EQ(shard_layout(8144, 5120).count(), 16);
  EXPECT_EQ(shard_layout(100000, 200704).shard_rows, 256);
  EXPECT_EQ(shard_layout(200, 32).count(), 4);
}

}  // namespace
}  // namespace kindred::host
