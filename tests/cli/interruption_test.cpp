#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

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
  EXPECT_THAT(stopped.error, HasSubstr("--resume"));
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

/// While it lives, the components of the fixture `faulty` are sound.
class SoundPlugins {
 public:
  SoundPlugins() { ::setenv("KINDRED_TEST_SOUND", "1", 1); }
  ~SoundPlugins() { ::unsetenv("KINDRED_TEST_SOUND"); }
  SoundPlugins(const SoundPlugins&) = delete;
  SoundPlugins& operator=(const SoundPlugins&) = delete;
};

/// Runs that a component of the fixture `faulty` ends, beside one that it does not.
class FaultyRun : public ::testing::Test {
 protected:
  FaultyRun() {
    testing::write_vectors(folder_);
    pipeline_["plugins"] = {testing::fixture_folder("faulty")};
  }

  testing::HostResult run(const std::vector<std::string>& how) {
    testing::write_pipeline(folder_, pipeline_);
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    return testing::run_host(folder_, arguments);
  }

  nlohmann::json result_of(const std::string& output) {
    return testing::read_json(folder_ / (output + "/result.json"));
  }

  /// The run `parts`, which has failed, goes on and ends as `whole` does, in which nothing fails.
  void expect_same_after_a_resume() {
    const SoundPlugins sound;
    const auto undisturbed = run({"--output", "whole"});
    ASSERT_EQ(undisturbed.code, 0) << undisturbed.error;
    const auto resumed = run({"--resume", "parts"});
    ASSERT_EQ(resumed.code, 0) << resumed.error;
    const auto whole = result_of("whole"), parts = result_of("parts");
    EXPECT_EQ(parts["metrics"].dump(), whole["metrics"].dump());
    EXPECT_EQ(parts["training"].dump(), whole["training"].dump());
    EXPECT_EQ(read_file(folder_ / "parts/model/head.safetensors"),
              read_file(folder_ / "whole/model/head.safetensors"));
    const auto history = read_file(folder_ / "parts/history.jsonl");
    EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 15);
  }

  const testing::TemporaryFolder folder_{"faulty_run"};
  nlohmann::json pipeline_ = testing::vectors_pipeline();
};

TEST_F(FaultyRun, keeps_the_epochs_before_a_loss_throws_or_is_not_a_number) {
  for (const auto* what : {"error", "number", "nan"}) {
    for (const auto* folder : {"whole", "parts"}) fs::remove_all(folder_.path() / folder);
    pipeline_["train"]["loss"] = {{"type", "faulty.loss"}, {"what", what}, {"call", 20}};
    const auto failed = run({"--output", "parts"});
    EXPECT_EQ(failed.code, what == std::string("nan") ? 1 : 4) << failed.error;
    EXPECT_EQ(result_of("parts")["status"], "failed");
    EXPECT_THAT(read_file(folder_ / "parts/log.txt"), HasSubstr("are kept: --resume"));
    const auto kept = testing::read_json(folder_ / "parts/checkpoints/trainer.json");
    EXPECT_GE(kept["epoch"].get<int>(), 1) << what;
    EXPECT_EQ(kept["step"], 0) << "a step that fails may have moved running statistics";
    expect_same_after_a_resume();
  }
}

TEST_F(FaultyRun, keeps_the_steps_of_an_epoch_that_a_metric_cannot_validate) {
  pipeline_["train"]["ema"] = 0.9;
  pipeline_["evaluate"]["metrics"] = {{{"type", "faulty.metric"}, {"what", "number"}, {"call", 3}}};
  EXPECT_EQ(run({"--output", "parts"}).code, 4);
  const auto kept = testing::read_json(folder_ / "parts/checkpoints/trainer.json");
  EXPECT_EQ(kept["epoch"], 2);
  EXPECT_GT(kept["step"].get<int>(), 0);
  expect_same_after_a_resume();
}

TEST_F(FaultyRun, begins_again_after_a_crash_before_the_first_checkpoint) {
  pipeline_["train"]["loss"] = {{"type", "faulty.loss"}, {"what", "crash"}, {"call", 20}};
  EXPECT_EQ(run({"--output", "parts"}).code, 128 + SIGSEGV);
  expect_same_after_a_resume();
}

TEST_F(FaultyRun, leaves_model_and_base_values_when_a_metric_throws_only_at_the_end) {
  pipeline_["train"]["early_stopping"] = {{"monitor", "validation.loss"}};
  pipeline_["evaluate"]["metrics"] = {{{"type", "faulty.metric"}, {"call", 2}}};
  const auto failed = run({"--output", "parts"});
  EXPECT_EQ(failed.code, 4);
  EXPECT_THAT(failed.error, HasSubstr("faulty.metric, phase per_query: the licence has expired"));
  const auto metrics = result_of("parts")["metrics"];
  EXPECT_TRUE(metrics["base"]["nearest"].is_number());
  EXPECT_TRUE(metrics["tuned"].empty());
  const SoundPlugins sound;
  const auto measured =
      testing::run_host(folder_, {"evaluate", "pipeline.json", "--model", "parts/model", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.error;
  ASSERT_EQ(run({"--output", "whole"}).code, 0);
  EXPECT_EQ(nlohmann::json::parse(measured.out)["metrics"]["tuned"].dump(),
            result_of("whole")["metrics"]["tuned"].dump());
  EXPECT_EQ(testing::read_json(folder_ / "whole/model/model.json")["metrics"].dump(),
            result_of("whole")["metrics"].dump());
}

/// The only entry of a cache folder.
fs::path entry_of(const fs::path& cache) {
  for (const auto& one : fs::directory_iterator(cache)) {
    if (one.is_directory()) return one.path();
  }
  return {};
}

/// The only entry of a cache folder whose rows a test watches and compares.
class Encoding : public ::testing::Test {
 protected:
  Encoding() {
    auto pipeline = testing::vectors_pipeline();
    pipeline["plugins"] = {testing::fixture_folder("faulty")};
    pipeline["data"]["dataset"] = {{"type", "faulty.data"}};
    pipeline["data"]["threads"] = 1;
    pipeline["cache"] = {{"batch_size", 4}};
    pipeline["model"]["encoders"]["vector"] = {{"type", "faulty.encoder"}};
    testing::write_pipeline(folder_, pipeline);
  }

  static std::vector<std::string> arguments(const std::string& output, const std::string& cache) {
    return {"run", "pipeline.json", "--output", output, "--set", "cache.directory=" + cache};
  }
  /// Reading a sample takes 40 ms, so that a shard of 64 takes longer than the cache waits before it syncs.
  static std::vector<std::string> slow_arguments(const std::string& output) {
    auto slow = arguments(output, "cache");
    slow.insert(slow.end(), {"--set", "data.dataset.delay=40"});
    return slow;
  }
  /// Files of the entry in `cache` whose names end so, in the order of the shards.
  std::vector<fs::path> files(const std::string& cache, const std::string& ending) const {
    std::vector<fs::path> found;
    const auto folder = folder_.path() / cache;
    if (!fs::exists(folder) || entry_of(folder).empty()) return found;
    for (const auto& one : fs::directory_iterator(entry_of(folder))) {
      const auto name = one.path().filename().string();
      if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending)
        found.push_back(one.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  /// Waits until a partial shard has rows that survive a crash.
  void wait_until_begun() const {
    for (int i = 0; i < 3000 && files("cache", ".progress.json").empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_FALSE(files("cache", ".progress.json").empty());
  }
  /// Runs once without any disturbance, with a cache of its own.
  void run_clean() {
    const auto clean = testing::run_host(folder_, arguments("clean", "other_cache"));
    ASSERT_EQ(clean.code, 0) << clean.error;
  }
  void expect_same_as_clean(const std::string& output) const {
    EXPECT_EQ(testing::read_json(folder_ / (output + "/result.json"))["metrics"].dump(),
              testing::read_json(folder_ / "clean/result.json")["metrics"].dump());
    const auto rows = files("cache", ".npy"), clean = files("other_cache", ".npy");
    ASSERT_EQ(rows.size(), clean.size());
    EXPECT_GT(rows.size(), 1u);
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].filename(), clean[i].filename());
      EXPECT_EQ(read_file(rows[i].string()), read_file(clean[i].string()));
    }
    EXPECT_TRUE(files("cache", ".partial").empty());
    EXPECT_EQ(testing::run_host(folder_, {"cache", "verify", "cache"}).code, 0);
  }

  const testing::TemporaryFolder folder_{"encoding"};
};

TEST_F(Encoding, that_is_killed_costs_little_and_changes_nothing) {
  run_clean();
  testing::HostProcess process(folder_, slow_arguments("killed"));
  wait_until_begun();
  process.kill();
  EXPECT_EQ(process.wait().code, 128 + SIGKILL);
  const auto again = testing::run_host(folder_, arguments("again", "cache"));
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_THAT(again.error, HasSubstr("continuing a cache that holds"));
  expect_same_as_clean("again");
}

TEST_F(Encoding, by_two_runs_at_once_is_shared_and_ends_as_by_one) {
  run_clean();
  testing::HostProcess first(folder_, slow_arguments("first")), second(folder_, slow_arguments("second"));
  const auto a = first.wait(), b = second.wait();
  ASSERT_EQ(a.code, 0) << a.error;
  ASSERT_EQ(b.code, 0) << b.error;
  for (const auto* output : {"first", "second"}) {
    expect_same_as_clean(output);
    EXPECT_EQ(testing::read_json(folder_ / (std::string(output) + "/result.json"))["timings"]["cache_hit"],
              false)
        << "each has encoded some of it";
  }
}

TEST_F(Encoding, by_two_runs_goes_on_when_one_is_killed) {
  run_clean();
  testing::HostProcess killed(folder_, slow_arguments("killed")), working(folder_, slow_arguments("working"));
  wait_until_begun();
  killed.kill();
  EXPECT_EQ(killed.wait().code, 128 + SIGKILL);
  const auto result = working.wait();
  ASSERT_EQ(result.code, 0) << result.error;
  expect_same_as_clean("working");
}

TEST_F(Encoding, says_which_entries_no_run_uses_any_more) {
  const std::string earlier = "cache/00112233445566778899aabbccddeeff";
  fs::create_directories(folder_.path() / earlier);
  write_file_atomically(folder_ / (earlier + "/rows.npy"), "written by an earlier version");
  const auto result = testing::run_host(folder_, arguments("first", "cache"));
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("1 entry of an earlier layout in "));
  EXPECT_THAT(result.error, HasSubstr("--earlier` removes it"));
  const auto listed = testing::run_host(folder_, {"cache", "list", "cache"});
  EXPECT_THAT(listed.out, HasSubstr("earlier layout"));
  const auto verified = testing::run_host(folder_, {"cache", "verify", "cache"});
  EXPECT_EQ(verified.code, 0);
  EXPECT_THAT(verified.out, HasSubstr("earlier layout, not checked"));
  const auto cleared = testing::run_host(folder_, {"cache", "clear", "cache", "--earlier"});
  EXPECT_EQ(cleared.code, 0) << cleared.error;
  EXPECT_THAT(cleared.out, HasSubstr("1 entry removed"));
  EXPECT_FALSE(fs::exists(folder_.path() / earlier));
  const auto again = testing::run_host(folder_, arguments("second", "cache"));
  EXPECT_THAT(again.error, ::testing::Not(HasSubstr("earlier layout")));
  EXPECT_EQ(testing::read_json(folder_ / "second/result.json")["timings"]["cache_hit"], true);
}

}  // namespace
}  // namespace kindred
