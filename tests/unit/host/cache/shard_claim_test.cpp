#include "host/cache/shard_claim.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "host/base/system_info.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/machine_tag.hpp"
#include "host/cache/missing_shards.hpp"
#include "host/cache/new_file.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;

TEST(NewFile, is_written_by_one_of_many_and_whole) {
  const testing::TemporaryFolder folder("new_file");
  for (int round = 0; round < 10; ++round) {
    const auto path = folder / ("file" + std::to_string(round));
    std::atomic<int> made{0}, winner{-1};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        if (!write_new_file(path, std::string(1000, static_cast<char>('a' + i)))) return;
        ++made;
        winner = i;
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(read_file(path), std::string(1000, static_cast<char>('a' + winner)));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 10)
      << "temporary files are gone";
}

TEST(LinkedFile, keeps_what_has_the_name_already) {
  const testing::TemporaryFolder folder("linked_file");
  write_file_atomically(folder / "a", "a");
  write_file_atomically(folder / "b", "b");
  bool taken = true;
  EXPECT_TRUE(link_file(folder / "a", folder / "c", taken));
  EXPECT_FALSE(taken);
  EXPECT_TRUE(link_file(folder / "a", folder / "c", taken)) << "asked twice it is there already";
  EXPECT_FALSE(link_file(folder / "b", folder / "c", taken));
  EXPECT_TRUE(taken);
  EXPECT_EQ(read_file(folder / "c"), "a");
}

TEST(ShardClaims, name_who_made_them_and_are_made_once) {
  const testing::TemporaryFolder folder("shard_claim");
  const auto path = folder / "claim";
  EXPECT_FALSE(read_claim(path));
  EXPECT_TRUE(try_claim(path, claim_of("2/4", "0123456789ab")));
  EXPECT_FALSE(try_claim(path, claim_of("3/4", "0123456789ab")));
  const auto claim = read_claim(path);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->process, "2/4");
  EXPECT_EQ(claim->machine, "0123456789ab");
  EXPECT_EQ(claim->pid, ::getpid());
  EXPECT_EQ(claim->host, name_of_machine());
  replace_claim(path, claim_of("3/4", "ba9876543210"));
  EXPECT_EQ(read_claim(path)->process, "3/4");
  for (const auto* text : {"", "[]", "{}", R"({"process": 1})", R"({"process": "1/2", "host": "a"})"}) {
    write_file_atomically(path, text);
    EXPECT_FALSE(read_claim(path)) << text;
  }
}

TEST(ShardClaims, age_until_they_are_renewed) {
  const testing::TemporaryFolder folder("claim_age");
  const auto path = folder / "claim", beside = folder / "lock";
  write_file_atomically(beside, "");
  EXPECT_LT(age_of(path, beside), 0);
  ASSERT_TRUE(try_claim(path, claim_of("1/2", "0123456789ab")));
  EXPECT_LT(age_of(path, beside), 60);
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(500));
  EXPECT_GT(age_of(path, beside), 400);
  renew_claim(path);
  EXPECT_LT(age_of(path, beside), 60);
}

TEST(MachineTags, are_the_same_in_one_process_and_fit_names) {
  const auto tag = machine_tag();
  EXPECT_EQ(tag.size(), kMachineDigits);
  EXPECT_EQ(tag, machine_tag());
  EXPECT_EQ(tag.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(PrivateShardFiles, have_names_that_say_whose_they_are) {
  const ShardFileName own{3, 16, ShardFile::partial, "0123456789ab"};
  EXPECT_EQ(text_of(own), "shard-00003-of-00016.at-0123456789ab.npy.partial");
  const auto parsed = parse_shard_file(text_of(own));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->machine, own.machine);
  EXPECT_EQ(parsed->kind, ShardFile::partial);
  EXPECT_EQ(parsed->shard, 3);
  EXPECT_TRUE(is_entry_file("shard-00003-of-00016.at-0123456789ab.progress.json"));
  EXPECT_TRUE(is_entry_file("shard-00003-of-00016.claim.json"));
  EXPECT_TRUE(is_entry_file("shard-00003-of-00016.claim.json.0ab12c")) << "what a killed claim leaves";
  EXPECT_TRUE(is_entry_file("shard-00003-of-00016.at-0123456789ab.npy.partial.0named"));
  EXPECT_FALSE(is_entry_file("shard-00003-of-00016.npy.partial.0named"));
  for (const auto* name :
       {"shard-00003-of-00016.at-0123456789ab.npy", "shard-00003-of-00016.at-0123.npy.partial",
        "shard-00003-of-00016.at-0123456789xy.npy.partial",
        "shard-00003-of-00016.at-0123456789ab.claim.json"})
    EXPECT_FALSE(is_entry_file(name)) << name;
}

TEST(MissingShards, are_told_in_ranges) {
  EXPECT_EQ(ranges_text({}), "");
  EXPECT_EQ(ranges_text({4}), "4");
  EXPECT_EQ(ranges_text({0, 1}), "0, 1");
  EXPECT_EQ(ranges_text({3, 5, 6, 7, 11}), "3, 5 to 7, 11");
}

TEST(MissingShards, of_several_machines_are_counted_once) {
  const testing::TemporaryFolder folder("missing_shards");
  CacheEntry entry;
  entry.folder = folder.path().string();
  entry.shards = 5;
  for (const auto* name : {"shard-00001-of-00005.npy", "shard-00004-of-00005.npy",
                           "shard-00002-of-00005.at-0123456789ab.npy.partial", "shard-00000-of-00003.npy"})
    write_file_atomically(folder / name, "");
  EXPECT_EQ(missing_shards(entry), (std::vector<int64_t>{0, 2, 3}));
  entry.shards = -1;
  EXPECT_TRUE(missing_shards(entry).empty());
}

}  // namespace
}  // namespace kindred::host
