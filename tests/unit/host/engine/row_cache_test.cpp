#include "host/engine/row_cache.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "kindred/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

at::Tensor rows(int64_t first, int64_t count) {
  return at::arange(first * 3, (first + count) * 3).to(at::kFloat).reshape({count, 3});
}

TEST(RowCache, is_filled_in_parts_and_then_opened) {
  const testing::TemporaryFolder folder("cache");
  {
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {{"made", "by a test"}});
    EXPECT_FALSE(cache.complete());
    cache.append(rows(0, 4), {});
    cache.append(rows(4, 6), {{7, "seven.jpg", "cut off"}});
    cache.finish();
  }
  RowCache again(folder.path().string(), "key", at::kFloat, {10, 3}, {});
  ASSERT_TRUE(again.complete());
  std::vector<SkippedSample> skipped;
  EXPECT_TRUE(at::equal(again.open(skipped), rows(0, 10)));
  ASSERT_EQ(skipped.size(), 1u);
  EXPECT_EQ(skipped[0].name, "seven.jpg");
}

TEST(RowCache, keeps_maps_in_float16) {
  const testing::TemporaryFolder folder("cache");
  const auto maps = at::arange(48).to(at::kHalf).reshape({2, 2, 3, 4});
  RowCache cache(folder.path().string(), "key", at::kHalf, {2, 2, 3, 4}, {});
  EXPECT_FALSE(cache.complete());
  cache.append(maps, {});
  cache.finish();
  EXPECT_TRUE(cache.complete());
  std::vector<SkippedSample> skipped;
  const auto read = cache.open(skipped);
  EXPECT_EQ(read.scalar_type(), at::kHalf);
  EXPECT_TRUE(at::equal(read, maps));
}

TEST(RowCache, a_killed_fill_is_continued_from_what_was_synced) {
  const testing::TemporaryFolder folder("cache");
  const auto child = fork();
  if (child == 0) {
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {});
    cache.append(rows(0, 4), {});
    cache.sync();
    cache.append(at::full({3, 3}, -1.0f), {});  // never synced: must not be believed
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {});
  EXPECT_FALSE(cache.complete());
  ASSERT_EQ(cache.rows_done(), 4);
  cache.append(rows(4, 6), {});
  cache.finish();
  std::vector<SkippedSample> skipped;
  EXPECT_TRUE(at::equal(cache.open(skipped), rows(0, 10)));
}

TEST(RowCache, damaged_progress_starts_over) {
  const testing::TemporaryFolder folder("cache");
  for (const auto* text :
       {"", "{", "{\"rows\": 99, \"skipped\": []}", "{\"rows\": -3, \"skipped\": []}", "[1]"}) {
    {
      RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {});
      cache.append(rows(0, 4), {});
      cache.sync();
    }
    write_file_atomically(folder / "key/progress.json", text);
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {});
    EXPECT_EQ(cache.rows_done(), 0) << text;
    std::filesystem::remove_all(folder.path() / "key");
  }
}

}  // namespace
}  // namespace kindred::host
