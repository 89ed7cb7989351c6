#include "host/encoding/row_cache.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "host/cache/remove_entry.hpp"
#include "host/cache/verify_entry.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

Context context;  // says nothing
using ::testing::HasSubstr;
using ::testing::IsEmpty;

at::Tensor rows(int64_t first, int64_t count) {
  return at::arange(first * 3, (first + count) * 3).to(at::kFloat).reshape({count, 3});
}

TEST(RowCache, is_filled_in_parts_and_then_opened) {
  const testing::TemporaryFolder folder("cache");
  {
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {{"made", "by a test"}}, context);
    EXPECT_FALSE(cache.complete());
    cache.append(rows(0, 4), {});
    cache.append(rows(4, 6), {{7, "seven.jpg", "cut off"}});
    cache.finish();
  }
  RowCache again(folder.path().string(), "key", at::kFloat, {10, 3}, {}, context);
  ASSERT_TRUE(again.complete());
  std::vector<SkippedSample> skipped;
  EXPECT_TRUE(at::equal(again.open(skipped), rows(0, 10)));
  ASSERT_EQ(skipped.size(), 1u);
  EXPECT_EQ(skipped[0].name, "seven.jpg");
}

TEST(RowCache, keeps_maps_in_float16) {
  const testing::TemporaryFolder folder("cache");
  const auto maps = at::arange(48).to(at::kHalf).reshape({2, 2, 3, 4});
  RowCache cache(folder.path().string(), "key", at::kHalf, {2, 2, 3, 4}, {}, context);
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
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {}, context);
    cache.append(rows(0, 4), {});
    cache.sync();
    cache.append(at::full({3, 3}, -1.0f), {});  // never synced: must not be believed
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {}, context);
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
       {"", "{", R"({"rows": 99, "skipped": []})", R"({"rows": -3, "skipped": []})", "[1]",
        R"({"rows": "4", "skipped": []})", R"({"rows": 4})", R"({"rows": 4, "skipped": [{"index": 1}]})"}) {
    {
      RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {}, context);
      cache.append(rows(0, 4), {});
      cache.sync();
    }
    write_file_atomically(folder / "key/progress.json", text);
    RowCache cache(folder.path().string(), "key", at::kFloat, {10, 3}, {}, context);
    EXPECT_EQ(cache.rows_done(), 0) << text;
    std::filesystem::remove_all(folder.path() / "key");
  }
}

constexpr const char* kKey = "00112233445566778899aabbccddeeff";

void fill(const std::string& directory) {
  RowCache cache(directory, kKey, at::kFloat, {10, 3}, {{"samples", 10}}, context);
  cache.append(rows(cache.rows_done(), 10 - cache.rows_done()), {});
  cache.finish();
}

TEST(RowCache, what_was_filled_in_one_go_or_continued_passes_verification) {
  for (const bool stopped : {false, true}) {
    const testing::TemporaryFolder folder("cache");
    const auto directory = folder.path().string();
    if (stopped) {
      RowCache cache(directory, kKey, at::kFloat, {10, 3}, {{"samples", 10}}, context);
      cache.append(rows(0, 4), {{2, "two.jpg", "cut off"}});
      cache.sync();
      EXPECT_TRUE(read_cache_folder(directory).entries.at(0).in_use);
    }
    if (stopped) {
      EXPECT_THAT(verify_entry(read_cache_folder(directory).entries.at(0)).problems, IsEmpty());
    }
    fill(directory);
    const auto entry = read_cache_folder(directory).entries.at(0);
    EXPECT_TRUE(entry.complete);
    EXPECT_FALSE(entry.in_use);
    const auto check = verify_entry(entry);
    EXPECT_THAT(check.problems, IsEmpty());
    EXPECT_TRUE(check.has_checksum);
  }
}

TEST(RowCache, an_entry_that_is_damaged_is_told_with_the_way_to_remove_it) {
  const testing::TemporaryFolder folder("cache");
  const auto directory = folder.path().string();
  const auto file = [&](const char* name) { return folder / (std::string(kKey) + "/" + name); };
  const auto open = [&] {
    return testing::thrown([&] {
      std::vector<SkippedSample> skipped;
      RowCache(directory, kKey, at::kFloat, {10, 3}, {}, context).open(skipped);
    });
  };
  for (const int64_t bytes : {0, 100, 200, 249, 5000}) {
    fill(directory);
    std::filesystem::resize_file(file("rows.npy"), static_cast<uintmax_t>(bytes));
    EXPECT_THAT(open(), HasSubstr("promises")) << bytes;
    EXPECT_THAT(open(), HasSubstr(std::string("--key ") + kKey));
    std::filesystem::remove_all(folder.path() / kKey);
  }
  for (const auto* text : {"", "{}", "[{}]", R"([{"index": "1", "name": "", "message": ""}])"}) {
    fill(directory);
    write_file_atomically(file("skipped.json"), text);
    EXPECT_THAT(open(), HasSubstr("skipped.json is no list of skipped samples")) << text;
    std::filesystem::remove_all(folder.path() / kKey);
  }
  fill(directory);
  std::filesystem::remove(file("skipped.json"));
  EXPECT_THAT(open(), HasSubstr("host cache clear"));
}

TEST(RowCache, progress_of_an_array_that_is_gone_is_forgotten) {
  const testing::TemporaryFolder folder("cache");
  const auto directory = folder.path().string();
  {
    RowCache cache(directory, kKey, at::kFloat, {10, 3}, {}, context);
    cache.append(rows(0, 4), {});
    cache.sync();
  }
  std::filesystem::remove(folder / (std::string(kKey) + "/rows.npy.partial"));
  // The first starts anew and ends before anything is synced: the second must not believe the old progress.
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(RowCache(directory, kKey, at::kFloat, {10, 3}, {}, context).rows_done(), 0);
}

TEST(RowCache, who_waited_for_an_entry_that_was_removed_fills_it_anew) {
  const testing::TemporaryFolder folder("cache");
  const auto directory = folder.path().string();
  std::optional<EntryLock> lock;
  lock.emplace(EntryLock::wait_for((folder.path() / kKey).string(), [] {}));
  std::thread waiting([&] { fill(directory); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::filesystem::remove_all(folder.path() / kKey);
  lock.reset();
  waiting.join();
  EXPECT_TRUE(read_cache_folder(directory).entries.at(0).complete);
}

TEST(RowCache, an_opened_array_outlives_its_entry) {
  const testing::TemporaryFolder folder("cache");
  const auto directory = folder.path().string();
  fill(directory);
  std::vector<SkippedSample> skipped;
  const auto array = RowCache(directory, kKey, at::kFloat, {10, 3}, {}, context).open(skipped);
  EXPECT_EQ(remove_entry(read_cache_folder(directory).entries.at(0), false).left, "");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / kKey));
  EXPECT_TRUE(at::equal(array, rows(0, 10)));
}

}  // namespace
}  // namespace kindred::host
