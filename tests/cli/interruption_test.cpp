#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {

/// Waits until the history has `lines` lines; false when the process took too long.
bool wait_for_history(const std::string& path, int64_t lines) {
  for (int i = 0; i < 3000; ++i) {
    if (std::filesystem::exists(path)) {
      const auto text = read_file(path);
      if (std::count(text.begin(), text.end(), '\n') >= lines) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(Interruption, ends_with_130_and_the_resumed_run_equals_one_that_was_never_stopped) {
  const testing::TemporaryFolder folder("interruption");
  testing::write_vectors(folder);
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["epochs"] = 400;
  testing::write_pipeline(folder, pipeline);
  ASSERT_EQ(testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", "whole"}).code, 0);

  testing::HostProcess process(folder, {"run", "pipeline.json", "--quiet", "--output", "parts"});
  ASSERT_TRUE(wait_for_history(folder / "parts/history.jsonl", 5));
  process.interrupt();
  const auto stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_THAT(stopped.error, ::testing::HasSubstr("--resume"));
  EXPECT_EQ(testing::read_json(folder / "parts/result.json")["status"], "interrupted");

  const auto resumed = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--resume", "parts"});
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  const auto whole = testing::read_json(folder / "whole/result.json"),
             parts = testing::read_json(folder / "parts/result.json");
  EXPECT_EQ(parts["metrics"].dump(), whole["metrics"].dump());
  EXPECT_EQ(parts["training"].dump(), whole["training"].dump());
  EXPECT_EQ(parts["timings"]["epochs"], 400);
  const auto history = read_file(folder / "parts/history.jsonl");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 400);
}

}  // namespace
}  // namespace kindred
