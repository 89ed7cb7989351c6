#include "host/cache/cache_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/cache/entry_lock.hpp"
#include "made_up_cache.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeUpCache;

TEST(CacheFolder, tells_what_entries_were_made_of_and_how_far_they_are) {
  const MadeUpCache made;
  made.write_whole();
  made.write_part();
  // The partial one was used earlier, so it comes last.
  const auto earlier = std::filesystem::file_time_type::clock::now() - std::chrono::hours(72);
  for (const auto& file : std::filesystem::directory_iterator(made.folder().path() / MadeUpCache::kPart))
    std::filesystem::last_write_time(file, earlier);
  const auto cache = read_cache_folder(made.directory());
  ASSERT_EQ(cache.entries.size(), 2u);
  EXPECT_TRUE(cache.others.empty());
  const auto &whole = cache.entries[0], &part = cache.entries[1];
  EXPECT_EQ(whole.key, MadeUpCache::kWhole);
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(whole.dataset, "acme.birds");
  EXPECT_EQ(whole.encoder, "acme.net");
  EXPECT_EQ(whole.stage, "layer2");
  EXPECT_EQ(whole.view, "plain");
  EXPECT_EQ(whole.dtype, "<f4");
  EXPECT_THAT(whole.shape, ElementsAre(10, 3));
  EXPECT_EQ(whole.rows_done, 10);
  EXPECT_GT(whole.bytes, 0u);
  EXPECT_NEAR(static_cast<double>(unix_time() - whole.last_use), 0, 60);
  EXPECT_FALSE(part.complete);
  EXPECT_EQ(part.view, "random 2 of seed 7");
  EXPECT_EQ(part.rows_done, 4);
  EXPECT_EQ(part.rows, 10);
  EXPECT_NEAR(static_cast<double>(unix_time() - part.last_use), 72 * 3600, 60);
}

TEST(CacheFolder, damaged_entries_are_listed_with_what_they_tell) {
  const MadeUpCache made;
  made.write_whole();
  made.write(MadeUpCache::kWhole, "meta.json",
             R"({"dataset": "x", "encoder": 3, "view": {}, "samples": -1})");
  made.write(MadeUpCache::kWhole, "rows.npy", "nothing");
  made.write_part();
  made.write(MadeUpCache::kPart, "meta.json", "{");
  made.write(MadeUpCache::kPart, "progress.json", "[1]");
  for (const auto& entry : read_cache_folder(made.directory()).entries) {
    EXPECT_EQ(entry.dataset + entry.encoder, "") << entry.key;
    EXPECT_EQ(entry.rows_done, entry.complete ? -1 : 0);
  }
}

TEST(CacheFolder, what_is_no_entry_is_named_and_a_folder_without_entries_refused) {
  const MadeUpCache made;
  EXPECT_TRUE(read_cache_folder(made.directory()).entries.empty()) << "an empty folder may become a cache";
  write_file_atomically(made.folder() / "notes.txt", "mine");
  // Named like an entry, but nothing that a fill makes is in it.
  const std::string like = "0123456789abcdef0123456789abcdef";
  std::filesystem::create_directories(made.folder() / like);
  write_file_atomically(made.folder() / (like + "/meta.json"), "{}");
  const auto refusal = testing::thrown([&] { read_cache_folder(made.directory()); });
  EXPECT_THAT(refusal, HasSubstr("does not look like a cache"));
  EXPECT_THAT(refusal, HasSubstr("and 1 more"));
  made.write_whole();
  // A link may lead out of the cache.
  std::filesystem::create_directory_symlink(made.folder() / MadeUpCache::kWhole,
                                            made.folder() / MadeUpCache::kPart);
  const auto cache = read_cache_folder(made.directory());
  ASSERT_EQ(cache.entries.size(), 1u);
  EXPECT_THAT(cache.others, ElementsAre(like, MadeUpCache::kPart, "notes.txt"));
  EXPECT_THAT(testing::thrown([&] { read_cache_folder(made.folder() / "absent"); }),
              HasSubstr("there is no folder"));
}

TEST(CacheFolder, an_entry_that_is_locked_is_in_use) {
  const MadeUpCache made;
  made.write_part();
  EXPECT_FALSE(read_cache_folder(made.directory()).entries.at(0).in_use);
  {
    const auto lock = EntryLock::try_take(made.folder() / MadeUpCache::kPart);
    ASSERT_TRUE(lock);
    EXPECT_TRUE(read_cache_folder(made.directory()).entries.at(0).in_use);
    EXPECT_FALSE(EntryLock::try_take(made.folder() / MadeUpCache::kPart));
  }
  EXPECT_FALSE(read_cache_folder(made.directory()).entries.at(0).in_use);
}

TEST(CacheFolder, files_of_entries_are_known_by_name) {
  for (const auto* name : {"rows.npy", "rows.npy.partial", "lock", "meta.json", "progress.json.a1B2c3"})
    EXPECT_TRUE(is_entry_file(name)) << name;
  for (const auto* name :
       {"rows.npz", "meta.json.backup", "lock.a1B2c3", "rows.npy.a1B2c3", "picture.jpg", ""})
    EXPECT_FALSE(is_entry_file(name)) << name;
}

}  // namespace
}  // namespace kindred::host
