#include "host/cache/remove_entry.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "host/cache/entry_lock.hpp"
#include "made_up_cache.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;
using testing::MadeUpCache;

class RemoveEntry : public ::testing::Test {
 protected:
  CacheEntry entry() const { return read_cache_folder(made_.directory()).entries.at(0); }
  bool exists(const std::string& key, const std::string& file = "") const {
    return std::filesystem::exists(made_.path(key, file));
  }
  MadeUpCache made_;
};

TEST_F(RemoveEntry, takes_the_folder_along_and_nothing_beside_it) {
  write_file_atomically(made_.folder() / "notes.txt", "mine");
  for (const auto* key : {MadeUpCache::kWhole, MadeUpCache::kPart}) {
    key == std::string(MadeUpCache::kWhole) ? made_.write_whole() : made_.write_part();
    made_.write(key, MadeUpCache::progress_file(1) + ".a1B2c3", "left by a killed process");
    const auto listed = entry();
    const auto tried = remove_entry(listed, true);
    EXPECT_EQ(tried.left, "");
    EXPECT_TRUE(exists(key, "meta.json"));
    const auto done = remove_entry(listed, false);
    EXPECT_EQ(done.left, "");
    EXPECT_EQ(done.freed, listed.bytes);
    EXPECT_EQ(done.freed, tried.freed);
    EXPECT_FALSE(exists(key));
    EXPECT_EQ(remove_entry(listed, false).freed, 0u) << "it is gone already";
  }
  EXPECT_TRUE(std::filesystem::exists(made_.folder() / "notes.txt"));
}

TEST_F(RemoveEntry, leaves_one_that_is_in_use) {
  made_.write_part();
  const auto lock = EntryLock::try_take(entry().folder);
  for (const bool dry_run : {true, false}) {
    const auto done = remove_entry(entry(), dry_run);
    EXPECT_THAT(done.left, HasSubstr("another process"));
    EXPECT_FALSE(done.failed);
    EXPECT_EQ(done.freed, 0u);
  }
  EXPECT_TRUE(exists(MadeUpCache::kPart, MadeUpCache::partial_file(1)));
}

TEST_F(RemoveEntry, leaves_one_that_several_processes_fill) {
  made_.write_part();
  const auto one = EntryLock::share(entry().folder, [] {}), other = EntryLock::share(entry().folder, [] {});
  EXPECT_THAT(remove_entry(entry(), false).left, HasSubstr("another process"));
  EXPECT_TRUE(exists(MadeUpCache::kPart, MadeUpCache::rows_file(0)));
}

TEST_F(RemoveEntry, takes_entries_of_the_earlier_layout) {
  for (const bool complete : {true, false}) {
    made_.write_earlier(MadeUpCache::kPart, complete);
    const auto done = remove_entry(entry(), false);
    EXPECT_EQ(done.left, "");
    EXPECT_FALSE(exists(MadeUpCache::kPart));
  }
}

TEST_F(RemoveEntry, leaves_one_that_an_earlier_version_fills) {
  made_.write_earlier(MadeUpCache::kPart, false);
  const auto path = made_.path(MadeUpCache::kPart, "lock");
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(file, LOCK_EX | LOCK_NB), 0);
  for (const bool dry_run : {true, false})
    EXPECT_THAT(remove_entry(entry(), dry_run).left, HasSubstr("another process"));
  ::close(file);
  EXPECT_EQ(remove_entry(entry(), false).left, "");
}

TEST_F(RemoveEntry, leaves_one_that_was_finished_since_it_was_listed) {
  made_.write_part();
  const auto listed = entry();
  made_.write_whole(MadeUpCache::kPart);
  EXPECT_THAT(remove_entry(listed, false).left, HasSubstr("changed meanwhile"));
  EXPECT_TRUE(exists(MadeUpCache::kPart, MadeUpCache::rows_file(2)));
}

TEST_F(RemoveEntry, leaves_what_is_no_part_of_it) {
  made_.write_whole();
  made_.write(MadeUpCache::kWhole, "photo.jpg", "mine");
  const auto done = remove_entry(entry(), false);
  EXPECT_THAT(done.left, HasSubstr("photo.jpg"));
  EXPECT_GT(done.freed, 0u);
  EXPECT_TRUE(exists(MadeUpCache::kWhole, "photo.jpg"));
  EXPECT_FALSE(exists(MadeUpCache::kWhole, MadeUpCache::rows_file(0)));
}

}  // namespace
}  // namespace kindred::host
