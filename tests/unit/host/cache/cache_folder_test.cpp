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
  EXPECT_EQ(part.rows_done, 6);
  EXPECT_EQ(part.rows, 10);
  EXPECT_EQ(part.shards_done, 1);
  EXPECT_EQ(part.shards, 3);
  EXPECT_EQ(whole.shards_done, 3);
  EXPECT_FALSE(whole.earlier_layout || part.earlier_layout);
  EXPECT_NEAR(static_cast<double>(unix_time() - part.last_use), 72 * 3600, 60);
}

TEST(CacheFolder, damaged_entries_are_listed_with_what_they_tell) {
  const MadeUpCache made;
  made.write_whole();
  made.write(MadeUpCache::kWhole, "meta.json",
             R"({"dataset": "x", "encoder": 3, "view": {}, "samples": -1})");
  made.write(MadeUpCache::kWhole, MadeUpCache::rows_file(1), "nothing");
  made.write_part();
  made.write(MadeUpCache::kPart, "meta.json", "{");
  made.write(MadeUpCache::kPart, MadeUpCache::progress_file(1), "[1]");
  for (const auto& entry : read_cache_folder(made.directory()).entries) {
    EXPECT_EQ(entry.dataset + entry.encoder, "") << entry.key;
    EXPECT_EQ(entry.rows_done, entry.complete ? -1 : 4);
    EXPECT_EQ(entry.shards, 3) << "their names say it";
    EXPECT_EQ(entry.complete, entry.key == MadeUpCache::kWhole);
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

TEST(CacheFolder, lists_of_equal_samples_are_its_own_by_their_whole_name) {
  const MadeUpCache made;
  const auto name = kept_list_name(MadeUpCache::kWhole);
  EXPECT_TRUE(is_kept_list(name));
  EXPECT_TRUE(is_kept_list(name + ".aB3xY9")) << "a killed process left it";
  for (const auto& other : std::vector<std::string>{
           name + "2", name + ".backup1", "equal_samples-.json", "equal_samples-mine.json",
           kept_list_name("00112233445566778899AABBCCDDEEFF"), "x" + name.substr(1)})
    EXPECT_FALSE(is_kept_list(other)) << other;
  write_file_atomically(made.folder() / name, "{}");
  write_file_atomically(made.folder() / "equal_samples-mine.json", "{}");
  std::filesystem::create_directories(made.folder() / kept_list_name(MadeUpCache::kPart));
  const auto cache = read_cache_folder(made.directory());
  ASSERT_EQ(cache.lists.size(), 1U);
  EXPECT_EQ(cache.lists[0].name, name);
  EXPECT_NEAR(static_cast<double>(unix_time() - cache.lists[0].last_use), 0, 60);
  EXPECT_THAT(cache.others, ElementsAre(kept_list_name(MadeUpCache::kPart), "equal_samples-mine.json"));
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

TEST(CacheFolder, an_entry_of_which_a_shard_is_locked_is_in_use) {
  const MadeUpCache made;
  made.write_part();
  const auto folder = made.folder() / MadeUpCache::kPart;
  const auto one = EntryLock::share(folder, [] {}), other = EntryLock::share(folder, [] {});
  EXPECT_TRUE(read_cache_folder(made.directory()).entries.at(0).in_use);
  EXPECT_FALSE(one.others_fill());
  {
    const auto shard = one.try_take_shard(2);
    ASSERT_TRUE(shard);
    EXPECT_FALSE(other.try_take_shard(2));
    EXPECT_TRUE(other.try_take_shard(1));
    EXPECT_TRUE(other.others_fill());
    EXPECT_FALSE(one.others_fill());
    EXPECT_FALSE(EntryLock::try_take(folder));
  }
  EXPECT_TRUE(other.try_take_shard(2));
}

TEST(CacheFolder, entries_of_the_earlier_layout_are_told_apart) {
  const MadeUpCache made;
  EXPECT_EQ(count_earlier_entries(made.folder() / "absent"), 0u);
  made.write_whole();
  EXPECT_EQ(count_earlier_entries(made.directory()), 0u);
  const std::string complete = "11112222333344445555666677778888", begun = "22223333444455556666777788889999";
  made.write_earlier(complete, true);
  made.write_earlier(begun, false);
  EXPECT_EQ(count_earlier_entries(made.directory()), 2u);
  for (const auto& entry : read_cache_folder(made.directory()).entries) {
    EXPECT_EQ(entry.earlier_layout, entry.key != MadeUpCache::kWhole);
    EXPECT_EQ(entry.complete, entry.key != begun);
    EXPECT_EQ(entry.dataset, "acme.birds");
    EXPECT_EQ(entry.rows, 10);
  }
}

TEST(CacheFolder, files_of_entries_are_known_by_name) {
  for (const auto* name :
       {"lock", "meta.json", "meta.json.a1B2c3", "shard-00000-of-00001.npy",
        "shard-00011-of-00012.npy.partial", "shard-00003-of-00012.json", "shard-00003-of-00012.json.a1B2c3",
        "shard-00003-of-00012.progress.json", "shard-123456-of-234567.npy", "rows.npy", "rows.npy.partial",
        "progress.json.a1B2c3"})
    EXPECT_TRUE(is_entry_file(name)) << name;
  for (const auto* name :
       {"rows.npz", "meta.json.backup", "lock.a1B2c3", "rows.npy.a1B2c3", "picture.jpg", "",
        "shard-0-of-1.npy", "shard-00001-of-00001.npy", "shard-00000-of-00001.npz", "shard-00000-of-00001",
        "shard-00000-of-00001.npy.a1B2c3", "shard-012345-of-234567.npy", "shard-99999999999999-of-00001.npy"})
    EXPECT_FALSE(is_entry_file(name)) << name;
}

TEST(CacheFolder, names_of_shards_are_read_as_they_are_written) {
  for (const int64_t number : {0, 7, 99999, 100000, 12345678}) {
    const ShardFileName name{number, number + 1, ShardFile::progress};
    const auto read = parse_shard_file(text_of(name));
    ASSERT_TRUE(read) << text_of(name);
    EXPECT_EQ(read->shard, number);
    EXPECT_EQ(read->count, number + 1);
    EXPECT_EQ(read->kind, ShardFile::progress);
  }
}

}  // namespace
}  // namespace kindred::host
