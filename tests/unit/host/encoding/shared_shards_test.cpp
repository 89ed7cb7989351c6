#include "host/encoding/shared_shards.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "host/cache/cache_folder.hpp"
#include "host/cache/verify_entry.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Numbers = std::vector<int64_t>;

Context silent_context;
constexpr const char* kEntryKey = "00112233445566778899aabbccddeeff";
constexpr int64_t kEntryRows = 200;  // in shards of 64, 64, 64 and 8
const char* const kHere = "aaaaaaaaaaaa";
const char* const kElsewhere = "bbbbbbbbbbbb";

/// Rows as a machine computes them whose last bits may be others.
at::Tensor rows_of(const ShardWriter& shard, float noise = 0) {
  const auto first = shard.next_row(), end = shard.end_row();
  return at::arange(first * 3, end * 3).to(at::kFloat).reshape({end - first, 3}) + noise;
}

class SharedEntry : public ::testing::Test {
 protected:
  std::unique_ptr<RowCache> cache(const std::string& machine) const {
    return std::make_unique<RowCache>(folder_.path().string(), kEntryKey, at::kFloat, Numbers{kEntryRows, 3},
                                      nlohmann::json{{"samples", kEntryRows}}, silent_context, machine);
  }
  /// Who opens the entry from now on sees no lock that was taken before, as on a file system without them.
  void forget_locks() const { fs::remove(entry() + "/lock"); }
  std::string entry() const { return folder_ / kEntryKey; }
  std::string file(int64_t shard, ShardFile kind, const std::string& machine = "") const {
    return entry() + "/" + text_of({shard, 4, kind, machine});
  }
  void expect_right(float noise = 0) const {
    const auto read = read_cache_folder(folder_.path().string()).entries.at(0);
    EXPECT_TRUE(read.complete);
    EXPECT_EQ(read.rows_done, kEntryRows);
    EXPECT_THAT(verify_entry(read).problems, IsEmpty());
    std::vector<SkippedSample> skipped;
    std::vector<at::Tensor> all;
    for (const auto& block : cache("")->open(skipped)) all.push_back(block.rows);
    EXPECT_TRUE(
        at::allclose(at::cat(all), at::arange(3 * kEntryRows).to(at::kFloat).reshape({-1, 3}), 0, noise));
  }
  /// Fills a turn to its end and tells the shards.
  static Numbers fill(SharedShards& shards) {
    Numbers filled;
    while (auto* const shard = shards.take_shard()) {
      filled.push_back(shard->shard());
      shard->append(rows_of(*shard), {});
      shards.finish(shard);
    }
    return filled;
  }
  Numbers fill(const FillShare& share, FillTurn turn) const {
    const auto one = cache(share.machine);
    SharedShards shards(*one, owners_, share, turn);
    return fill(shards);
  }
  std::vector<std::string> leavings() const {
    std::vector<std::string> names;
    for (const auto& one : shard_files_in(entry())) {
      if (one.kind != ShardFile::rows && one.kind != ShardFile::record) names.push_back(text_of(one));
    }
    return names;
  }
  static void make_old(const std::string& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }

  const testing::TemporaryFolder folder_{"shared_shards"};
  const Numbers owners_ = {0, 1, 0, 1};
  const FillShare first_{0, 2, false, kHere}, second_{1, 2, false, kElsewhere};
};

TEST_F(SharedEntry, is_complete_when_each_did_its_own_in_any_order) {
  EXPECT_THAT(fill(second_, FillTurn::own), ElementsAre(1, 3));
  EXPECT_FALSE(cache("")->complete());
  EXPECT_THAT(fill(first_, FillTurn::own), ElementsAre(0, 2));
  EXPECT_THAT(fill(first_, FillTurn::own), IsEmpty());
  expect_right();
  EXPECT_THAT(leavings(), IsEmpty());
}

TEST_F(SharedEntry, is_right_where_two_machines_that_see_no_locks_fill_the_same) {
  const auto one = cache(kHere);
  auto* const here = one->take_shard();
  forget_locks();
  const auto other = cache(kElsewhere);
  auto* const there = other->take_shard();
  ASSERT_EQ(there->shard(), here->shard()) << "the lock was seen";
  here->append(rows_of(*here).slice(0, 0, 30), {});
  there->append(rows_of(*there, 0.25f), {});
  here->append(rows_of(*here), {});
  other->finish(there);
  const auto bytes = read_file(file(0, ShardFile::rows));
  one->finish(here);
  EXPECT_EQ(read_file(file(0, ShardFile::rows)), bytes) << "the first stays";
  EXPECT_TRUE(one->is_complete(0));
  while (auto* const shard = one->take_shard()) {
    shard->append(rows_of(*shard), {});
    one->finish(shard);
  }
  expect_right(0.5f);
  EXPECT_THAT(leavings(), IsEmpty());
}

TEST_F(SharedEntry, is_right_where_two_machines_finish_at_the_same_moment) {
  for (int round = 0; round < 8; ++round) {
    const auto one = cache(kHere);
    forget_locks();
    const auto other = cache(kElsewhere);
    const auto fill_all = [](RowCache& entry, float noise) -> std::string {
      while (auto* const shard = entry.take_shard()) {
        shard->append(rows_of(*shard, noise), {});
        entry.finish(shard);
      }
      return "";
    };
    std::string said, said_beside;
    const auto message_of = [&](RowCache& entry, float noise) {
      try {
        return fill_all(entry, noise);
      } catch (const std::exception& error) {
        return std::string(error.what());
      }
    };
    std::thread beside([&] { said_beside = message_of(*other, 0.25f); });
    said = message_of(*one, 0);
    beside.join();
    EXPECT_EQ(said, "");
    EXPECT_EQ(said_beside, "");
    expect_right(0.5f);
    EXPECT_THAT(leavings(), IsEmpty());
    fs::remove_all(entry());
  }
}

TEST_F(SharedEntry, goes_on_where_a_killed_process_of_this_machine_was) {
  const auto child = ::fork();
  if (child == 0) {
    const auto one = cache(kHere);
    SharedShards shards(*one, owners_, first_, FillTurn::own);
    auto* const shard = shards.take_shard();
    shard->append(rows_of(*shard).slice(0, 0, 20), {});
    shard->sync();
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(fs::exists(file(0, ShardFile::claim)));
  EXPECT_EQ(read_cache_folder(folder_.path().string()).entries.at(0).rows_done, 20);
  const auto one = cache(kHere);
  SharedShards shards(*one, owners_, first_, FillTurn::own);
  auto* const shard = shards.take_shard();
  ASSERT_NE(shard, nullptr);
  EXPECT_EQ(shard->rows_done(), 20);
  shard->append(rows_of(*shard), {});
  shards.finish(shard);
  EXPECT_THAT(fill(shards), ElementsAre(2));
  fill(second_, FillTurn::own);
  expect_right();
  EXPECT_THAT(leavings(), IsEmpty());
}

TEST_F(SharedEntry, gives_up_its_claims_when_a_process_stops) {
  {
    const auto one = cache(kHere);
    SharedShards shards(*one, owners_, first_, FillTurn::own);
    ASSERT_NE(shards.take_shard(), nullptr);
    EXPECT_TRUE(fs::exists(file(0, ShardFile::claim)));
  }
  EXPECT_FALSE(fs::exists(file(0, ShardFile::claim)));
}

TEST_F(SharedEntry, is_finished_by_who_steals_but_for_what_others_are_at) {
  fill(second_, FillTurn::own);
  ASSERT_TRUE(try_claim(file(2, ShardFile::claim), claim_of("1/2", kHere)));
  EXPECT_THAT(fill(second_, FillTurn::others), ElementsAre(0)) << "the other is claimed";
  make_old(file(2, ShardFile::claim));
  EXPECT_THAT(fill(second_, FillTurn::others), ElementsAre(2)) << "whoever claimed it gives no sign of life";
  expect_right();
}

TEST_F(SharedEntry, is_taken_back_by_the_same_process_on_another_machine) {
  const FillShare again{0, 2, false, kElsewhere};
  { cache(kHere); }
  ASSERT_TRUE(try_claim(file(0, ShardFile::claim), claim_of("1/2", kHere)));
  EXPECT_THAT(fill(again, FillTurn::own), ElementsAre(0, 2));
}

TEST_F(SharedEntry, is_waited_for_where_another_has_a_shard_of_mine) {
  { cache(kHere); }
  ASSERT_TRUE(try_claim(file(2, ShardFile::claim), claim_of("2/2", kElsewhere)));
  const auto one = cache(kHere);
  {
    SharedShards shards(*one, owners_, first_, FillTurn::own);
    EXPECT_THAT(fill(shards), ElementsAre(0));
    EXPECT_TRUE(shards.complete()) << "the first turn waits for nobody";
  }
  SharedShards rest(*one, owners_, first_, FillTurn::own_rest);
  EXPECT_EQ(rest.take_shard(), nullptr);
  EXPECT_FALSE(rest.complete());
}

TEST_F(SharedEntry, loses_what_ended_processes_left_of_complete_shards) {
  fill(first_, FillTurn::own);
  const auto partial = file(0, ShardFile::partial, kElsewhere), young = file(2, ShardFile::claim);
  const auto of_missing = file(1, ShardFile::partial, kElsewhere);
  for (const auto& path : {partial, young, of_missing}) write_file_atomically(path, "left");
  make_old(partial);
  make_old(of_missing);
  const auto one = cache(kHere);
  remove_leavings(*one);
  EXPECT_FALSE(fs::exists(partial));
  EXPECT_TRUE(fs::exists(young));
  EXPECT_TRUE(fs::exists(of_missing)) << "whoever fills it may go on there";
}

}  // namespace
}  // namespace kindred::host
