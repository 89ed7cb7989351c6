#include "host/report/finished_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/file_lock.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FinishedRunFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "run");
    write("pipeline.json", R"({"kindred": 1, "name": "cars"})");
    write("log.txt", "2026-11-28T16:57:53.867 info run folder\n");
  }

  void write(const std::string& file, const std::string& text) {
    write_file_atomically(folder_ / ("run/" + file), text);
  }
  FinishedRun read() { return read_run(folder_ / "run"); }

  testing::TemporaryFolder folder_{"finished_run"};
};

TEST_F(FinishedRunFolder, is_read_with_its_status_result_and_history) {
  write("result.json", R"({"status": "failed", "error": "no space"})");
  write("history.jsonl", "{\"epoch\": 1}\n{\"epoch\": 2}\n");
  write("queries.csv", "sample,label,class\n");
  const auto run = read();
  EXPECT_EQ(run.path, folder_ / "run");
  EXPECT_EQ(run.name, "cars");
  EXPECT_EQ(run.status, "failed");
  EXPECT_EQ(run.result["error"], "no space");
  ASSERT_EQ(run.history.size(), 2U);
  EXPECT_EQ(run.history[1]["epoch"], 2);
  EXPECT_TRUE(run.has_queries);
}

TEST_F(FinishedRunFolder, without_a_result_is_unknown_and_running_while_its_log_is_locked) {
  EXPECT_EQ(read().status, "unknown");
  EXPECT_FALSE(read().has_queries);
  write("result.json", R"({"status": "interrupted"})");
  {
    const auto lock = FileLock::try_take(folder_ / "run/log.txt");
    ASSERT_TRUE(lock);
    EXPECT_FALSE(FileLock::try_take(folder_ / "run/log.txt"));
    EXPECT_EQ(read().status, "running") << "a run that was resumed still has the result of before";
  }
  EXPECT_EQ(read().status, "interrupted");
}

TEST_F(FinishedRunFolder, loses_a_last_line_of_its_history_that_is_half_written) {
  write("history.jsonl", "{\"epoch\": 1}\n{\"epo");
  EXPECT_EQ(read().history.size(), 1U);
  write("history.jsonl", "{\"epoch\": 1}\n{\"epo\n{\"epoch\": 3}\n");
  EXPECT_THAT(testing::thrown([&] { read(); }), HasSubstr("history.jsonl, line 2 is no JSON object"));
}

TEST_F(FinishedRunFolder, that_is_none_is_told_from_one_that_is_damaged) {
  EXPECT_THAT(testing::thrown([&] { read_run(folder_ / "nowhere"); }), HasSubstr("does not exist"));
  EXPECT_THAT(testing::thrown([&] { read_run(folder_.path().string()); }), HasSubstr("holds no run"));
  write_file_atomically(folder_ / "results.json", "{}");
  EXPECT_THAT(testing::thrown([&] { read_run(folder_.path().string()); }), HasSubstr("series of runs"));
  write("result.json", "{\"status\": \"comp");
  EXPECT_THAT(testing::thrown([&] { read(); }), HasSubstr("result.json is no JSON object"));
}

TEST_F(FinishedRunFolder, needs_more_than_a_pipeline) {
  fs::remove(folder_ / "run/log.txt");
  EXPECT_FALSE(is_run_folder(folder_ / "run"));
  write("result.json", "{}");
  EXPECT_TRUE(is_run_folder(folder_ / "run")) << "the log of a run that was copied may be left behind";
}

}  // namespace
}  // namespace kindred::host
