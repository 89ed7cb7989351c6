#include "host/encoding/row_cache.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <thread>

#include "host/cache/cache_folder.hpp"
#include "host/cache/remove_entry.hpp"
#include "host/cache/verify_entry.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Context context;  // says nothing
constexpr const char* kKey = "00112233445566778899aabbccddeeff";
constexpr int64_t kRows = 200;  // in shards of 64, 64, 64 and 8

at::Tensor rows(int64_t first, int64_t count) {
  return at::arange(first * 3, (first + count) * 3).to(at::kFloat).reshape({count, 3});
}

/// An entry of the cache in a folder of its own.
class RowCaches : public ::testing::Test {
 protected:
  std::unique_ptr<RowCache> cache(int64_t count = kRows) const {
    return std::make_unique<RowCache>(directory(), kKey, at::kFloat, std::vector<int64_t>{count, 3},
                                      nlohmann::json{{"samples", count}}, context);
  }
  /// Fills every shard that is free and tells which.
  std::set<int64_t> fill(RowCache& cache) const {
    std::set<int64_t> filled;
    while (auto* const shard = cache.take_shard()) {
      filled.insert(shard->shard());
      shard->append(rows(shard->next_row(), shard->end_row() - shard->next_row()), {});
      cache.finish(shard);
    }
    return filled;
  }
  void fill() const {
    const auto one = cache();
    fill(*one);
    ASSERT_TRUE(one->complete());
  }
  /// The same rows, described by somebody who says more of the data.
  std::unique_ptr<RowCache> cache_of(const std::string& files) const {
    return std::make_unique<RowCache>(directory(), kKey, at::kFloat, std::vector<int64_t>{kRows, 3},
                                      nlohmann::json{{"samples", kRows}, {"data", {{"files", files}}}},
                                      context);
  }
  /// What a process that this starts does before it is gone; `status`: how it must end.
  template <class Work>
  static pid_t in_process(Work&& work) {
    const auto child = ::fork();
    if (child != 0) return child;
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  static int status_of(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  }
  static void wait_for(const std::string& path) {
    for (int i = 0; i < 3000 && !fs::exists(path); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(fs::exists(path));
  }
  void expect_all_rows(RowCache& cache) const {
    ASSERT_TRUE(cache.complete());
    std::vector<SkippedSample> skipped;
    const auto blocks = cache.open(skipped);
    std::vector<at::Tensor> all;
    int64_t next = 0;
    for (const auto& block : blocks) {
      EXPECT_EQ(block.first, next);
      next += block.rows.size(0);
      all.push_back(block.rows);
    }
    EXPECT_TRUE(at::equal(at::cat(all), rows(0, kRows)));
    const auto entry = read_cache_folder(directory()).entries.at(0);
    EXPECT_TRUE(entry.complete);
    EXPECT_THAT(verify_entry(entry).problems, IsEmpty());
    EXPECT_TRUE(verify_entry(entry).has_checksum);
  }
  std::string directory() const { return folder_.path().string(); }
  std::string file(int64_t shard, ShardFile kind) const {
    return folder_ / (std::string(kKey) + "/" + text_of({shard, 4, kind}));
  }
  void remove() const { fs::remove_all(folder_.path() / kKey); }

  const testing::TemporaryFolder folder_{"row_cache"};
};

TEST_F(RowCaches, are_filled_in_parts_and_then_opened) {
  {
    const auto first = cache(10);
    EXPECT_FALSE(first->complete());
    auto* const shard = first->take_shard();
    ASSERT_NE(shard, nullptr);
    EXPECT_EQ(first->take_shard(), nullptr) << "ten rows are one shard";
    shard->append(rows(0, 4), {});
    shard->append(rows(4, 6), {{SampleIndex{7}, "seven.jpg", "cut off"}});
    first->finish(shard);
    EXPECT_TRUE(first->complete());
  }
  const auto again = cache(10);
  ASSERT_TRUE(again->complete());
  EXPECT_EQ(again->rows_done(), 10);
  EXPECT_EQ(again->take_shard(), nullptr);
  std::vector<SkippedSample> skipped;
  const auto blocks = again->open(skipped);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_TRUE(at::equal(blocks[0].rows, rows(0, 10)));
  ASSERT_EQ(skipped.size(), 1u);
  EXPECT_EQ(skipped[0].name, "seven.jpg");
}

TEST_F(RowCaches, that_are_continued_from_elsewhere_keep_what_was_said_of_their_data) {
  {
    const auto begun = cache_of("/photos");
    auto* const shard = begun->take_shard();
    shard->append(rows(0, shard->end_row()), {});
    begun->finish(shard);
  }
  fill(*cache_of("/mnt/photos"));
  const auto meta = nlohmann::json::parse(read_file(directory() + "/" + kKey + "/meta.json"));
  EXPECT_EQ(meta["data"]["files"], "/photos");
  const auto entries = read_cache_folder(directory()).entries;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].data, "/photos");
  EXPECT_TRUE(entries[0].complete);
  EXPECT_THAT(verify_entry(entries[0]).problems, IsEmpty());
}

TEST_F(RowCaches, keep_the_order_of_rows_over_many_shards) {
  const auto one = cache();
  EXPECT_EQ(fill(*one), (std::set<int64_t>{0, 1, 2, 3}));
  expect_all_rows(*one);
}

TEST_F(RowCaches, may_have_no_rows) {
  const auto one = cache(0);
  EXPECT_EQ(fill(*one).size(), 1u);
  std::vector<SkippedSample> skipped;
  EXPECT_EQ(one->open(skipped).at(0).rows.sizes(), at::IntArrayRef({0, 3}));
}

TEST_F(RowCaches, keep_feature_maps_in_sixteen_bits) {
  for (const auto dtype : {at::kHalf, at::kBFloat16}) {
    const auto maps = at::arange(48).to(dtype).reshape({2, 2, 3, 4});
    RowCache one(directory(), kKey, dtype, {2, 2, 3, 4}, {}, context);
    EXPECT_FALSE(one.complete());
    auto* const shard = one.take_shard();
    shard->append(maps, {});
    one.finish(shard);
    EXPECT_TRUE(one.complete());
    std::vector<SkippedSample> skipped;
    const auto read = one.open(skipped).at(0).rows;
    EXPECT_EQ(read.scalar_type(), dtype);
    EXPECT_TRUE(at::equal(read, maps));
    remove();
  }
}

TEST_F(RowCaches, that_a_killed_process_filled_are_continued_from_what_was_synced) {
  const auto child = in_process([&] {
    const auto one = cache();
    auto* shard = one->take_shard();
    shard->append(rows(0, 64), {});
    one->finish(shard);
    shard = one->take_shard();
    shard->append(rows(64, 4), {});
    shard->sync();
    shard->append(at::full({3, 3}, -1.0f), {});  // never synced: must not be believed
    ::raise(SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(status_of(child)));
  const auto one = cache();
  EXPECT_FALSE(one->complete());
  EXPECT_EQ(one->rows_done(), 68);
  EXPECT_EQ(fill(*one), (std::set<int64_t>{1, 2, 3}));
  expect_all_rows(*one);
}

TEST_F(RowCaches, are_filled_by_two_processes_at_once) {
  const testing::TemporaryFolder signs("row_cache_signs");
  // Each holds its first shard until the other one has one, too.
  const auto fill_beside = [&](const std::string& mine, const std::string& others) {
    const auto one = cache();
    auto* shard = one->take_shard();
    write_file_atomically(signs / mine, std::to_string(shard->shard()));
    wait_for(signs / others);
    while (!one->complete()) {
      for (; shard != nullptr; shard = one->take_shard()) {
        while (shard->next_row() < shard->end_row()) shard->append(rows(shard->next_row(), 4), {});
        one->finish(shard);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  const auto first = in_process([&] { fill_beside("a", "b"); });
  const auto second = in_process([&] { fill_beside("b", "a"); });
  EXPECT_EQ(status_of(first), 0);
  EXPECT_EQ(status_of(second), 0);
  EXPECT_NE(read_file(signs / "a"), read_file(signs / "b"));
  expect_all_rows(*cache());
}

TEST_F(RowCaches, a_shard_of_a_process_that_is_killed_is_taken_over_by_one_that_works) {
  const auto child = in_process([&] {
    const auto one = cache();
    auto* const shard = one->take_shard();
    shard->append(rows(0, 8), {{SampleIndex{3}, "three.jpg", "cut off"}});
    shard->sync();
    shard->append(at::full({8, 3}, -1.0f), {});
    write_file_atomically(folder_ / "begun", "");
    for (;;) ::pause();
  });
  wait_for(folder_ / "begun");
  fs::remove(folder_ / "begun");
  const auto one = cache();
  EXPECT_EQ(fill(*one), (std::set<int64_t>{1, 2, 3})) << "the first is filled by the other process";
  EXPECT_FALSE(one->complete());
  EXPECT_EQ(one->take_shard(), nullptr);
  EXPECT_EQ(one->rows_done(), 200 - 64 + 8);
  EXPECT_TRUE(read_cache_folder(directory()).entries.at(0).in_use);
  ::kill(child, SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(status_of(child)));
  auto* const shard = one->take_shard();
  ASSERT_NE(shard, nullptr);
  EXPECT_EQ(shard->rows_done(), 8);
  shard->append(rows(8, 56), {});
  one->finish(shard);
  expect_all_rows(*one);
  std::vector<SkippedSample> skipped;
  one->open(skipped);
  ASSERT_EQ(skipped.size(), 1u);
  EXPECT_EQ(skipped[0].index, SampleIndex{3});
}

TEST_F(RowCaches, that_several_processes_share_are_not_removed) {
  fill();
  const auto one = cache(), other = cache();
  EXPECT_THAT(remove_entry(read_cache_folder(directory()).entries.at(0), false).left,
              HasSubstr("another process"));
  expect_all_rows(*other);
}

TEST_F(RowCaches, begin_a_shard_of_damaged_progress_anew) {
  for (const auto* text :
       {"", "{", R"({"rows": 99, "skipped": []})", R"({"rows": -3, "skipped": []})", "[1]",
        R"({"rows": "4", "skipped": []})", R"({"rows": 4})", R"({"rows": 4, "skipped": [{"index": 1}]})"}) {
    {
      const auto one = cache();
      auto* shard = one->take_shard();
      shard->append(rows(0, 64), {});
      one->finish(shard);
      shard = one->take_shard();
      shard->append(rows(64, 4), {});
      one->sync();
    }
    write_file_atomically(file(1, ShardFile::progress), text);
    const auto one = cache();
    EXPECT_EQ(one->rows_done(), 64) << text;
    fill(*one);
    expect_all_rows(*one);
    remove();
  }
}

TEST_F(RowCaches, pass_verification_filled_in_one_go_or_continued) {
  for (const bool stopped : {false, true}) {
    if (stopped) {
      const auto one = cache();
      auto* const shard = one->take_shard();
      shard->append(rows(0, 4), {{SampleIndex{2}, "two.jpg", "cut off"}});
      one->sync();
      EXPECT_TRUE(read_cache_folder(directory()).entries.at(0).in_use);
    }
    if (stopped) {
      EXPECT_THAT(verify_entry(read_cache_folder(directory()).entries.at(0)).problems, IsEmpty());
    }
    fill();
    EXPECT_FALSE(read_cache_folder(directory()).entries.at(0).in_use);
    expect_all_rows(*cache());
    remove();
  }
}

TEST_F(RowCaches, of_which_a_byte_flips_are_found_damaged_with_the_name_of_the_shard) {
  fill();
  auto bytes = read_file(file(2, ShardFile::rows));
  bytes[bytes.size() / 2] ^= 1;
  write_file_atomically(file(2, ShardFile::rows), bytes);
  const auto problems = verify_entry(read_cache_folder(directory()).entries.at(0)).problems;
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], HasSubstr("shard-00002-of-00004.npy is not what was written"));
}

TEST_F(RowCaches, that_are_damaged_are_told_with_the_way_to_remove_them) {
  const auto open = [&] {
    return testing::thrown([&] {
      std::vector<SkippedSample> skipped;
      cache()->open(skipped);
    });
  };
  for (const int64_t bytes : {0, 100, 200, 895, 5000}) {
    fill();
    fs::resize_file(file(1, ShardFile::rows), static_cast<uintmax_t>(bytes));
    EXPECT_THAT(open(), HasSubstr("promises")) << bytes;
    EXPECT_THAT(open(), HasSubstr(std::string("--key ") + kKey));
    remove();
  }
  for (const auto* text :
       {"", "{}", R"({"skipped": [{}]})", R"({"skipped": [{"index": "1", "name": "", "message": ""}]})"}) {
    fill();
    write_file_atomically(file(1, ShardFile::record), text);
    EXPECT_THAT(open(), HasSubstr("00001-of-00004.json has no list of skipped samples")) << text;
    remove();
  }
  fill();
  fs::remove(file(1, ShardFile::record));
  EXPECT_THAT(open(), HasSubstr("host cache clear"));
}

TEST_F(RowCaches, forget_the_progress_of_an_array_that_is_gone) {
  {
    const auto one = cache();
    one->take_shard()->append(rows(0, 4), {});
    one->sync();
  }
  fs::remove(file(0, ShardFile::partial));
  // The first starts anew and ends before anything is synced: the second must not believe the old progress.
  for (int i = 0; i < 2; ++i) {
    const auto one = cache();
    EXPECT_EQ(one->take_shard()->rows_done(), 0);
  }
}

TEST_F(RowCaches, that_are_removed_while_a_process_waits_are_filled_anew_by_it) {
  fs::create_directories(folder_.path() / kKey);
  std::optional<EntryLock> lock = EntryLock::try_take((folder_.path() / kKey).string());
  ASSERT_TRUE(lock);
  std::thread waiting([&] { fill(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  remove();
  lock.reset();
  waiting.join();
  EXPECT_TRUE(read_cache_folder(directory()).entries.at(0).complete);
}

TEST_F(RowCaches, that_were_opened_outlive_their_entry) {
  fill();
  std::vector<SkippedSample> skipped;
  const auto blocks = cache()->open(skipped);
  EXPECT_EQ(remove_entry(read_cache_folder(directory()).entries.at(0), false).left, "");
  EXPECT_FALSE(fs::exists(folder_.path() / kKey));
  EXPECT_TRUE(at::equal(blocks.at(3).rows, rows(192, 8)));
}

}  // namespace
}  // namespace kindred::host
