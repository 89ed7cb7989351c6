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

/// Stops a run in the middle, lets it go on, and compares it with one that was never stopped.
void expect_same_after_an_interruption(const nlohmann::json& loss) {
  const testing::TemporaryFolder folder("interruption");
  testing::write_vectors(folder);
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["epochs"] = 400;
  pipeline["train"]["loss"] = loss;
  if (loss.is_array()) {
    pipeline["train"]["batch_sampler"] = {
        {"type", "hard_class"}, {"classes", 6}, {"samples", 5}, {"refresh_epochs", 7}};
  }
  pipeline["output"] = {{"trackers", {{"type", "csv"}}}};
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
  EXPECT_EQ(read_file(folder / "parts/metrics.csv"), read_file(folder / "whole/metrics.csv"));
}

TEST(Interruption, ends_with_130_and_the_resumed_run_equals_one_that_was_never_stopped) {
  expect_same_after_an_interruption({{"type", "supervised_contrastive"}});
}

TEST(Interruption, keeps_memories_proxies_class_means_and_what_miners_draw) {
  expect_same_after_an_interruption({{{"type", "margin"},
                                      {"learn_beta", true},
                                      {"miner", {{"type", "distance_weighted"}}},
                                      {"memory", {{"size", 70}, {"start_step", 6}}}},
                                     {{"type", "curricular_face"}, {"weight", 0.1}}});
}

}  // namespace
}  // namespace kindred
