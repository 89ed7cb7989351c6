// Processes that train one model together on this machine.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "kindred/io/checkpoint.hpp"
#include "process_group.hpp"
#include "small_pipeline.hpp"

namespace kindred::testing {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

class DistributedTest : public ::testing::Test {
 protected:
  DistributedTest() : folder("distributed") { write_vectors(folder); }

  /// What is trained, with nothing drawn in the forward pass, so that one process and several compute the
  /// same.
  static json pipeline() {
    auto out = vectors_pipeline();
    out["model"]["head"]["dropout"] = 0;
    out["train"]["epochs"] = 6;
    return out;
  }
  json result(const std::string& run) const { return read_json(folder / (run + "/result.json")); }

  void expect_same_head(const std::string& a, const std::string& b, double tolerance) const {
    const auto left = read_checkpoint(folder / (a + "/model/head.safetensors"));
    const auto right = read_checkpoint(folder / (b + "/model/head.safetensors"));
    ASSERT_EQ(left.size(), right.size());
    ASSERT_GT(left.size(), 0U);
    for (size_t i = 0; i < left.size(); ++i) {
      EXPECT_EQ(left[i].name, right[i].name);
      EXPECT_TRUE(at::allclose(left[i].tensor, right[i].tensor, tolerance, tolerance)) << left[i].name;
    }
  }

  /// Runs it by one process as `alone` and by several as `together`, which have to come to the same.
  void expect_same_as_alone(const json& pipeline, size_t processes) {
    write_pipeline(folder, pipeline);
    ASSERT_EQ(run_host(folder, {"run", "pipeline.json", "--output", "alone"}).code, 0);
    const auto results =
        ProcessGroup(folder, processes, {"run", "pipeline.json", "--output", "together"}).wait();
    for (const auto& one : results) ASSERT_EQ(one.code, 0) << one.error;
    EXPECT_NE(results[0].out.find("unseen classes"), std::string::npos);
    EXPECT_EQ(results[1].out, "") << "rank 0 speaks for all";
    expect_same_head("alone", "together", 2e-4);
    const auto metrics = [&](const char* run) { return result(run)["metrics"]; };
    EXPECT_EQ(metrics("alone")["base"], metrics("together")["base"]);
    EXPECT_NEAR(metrics("alone")["tuned"]["r_precision"].get<double>(),
                metrics("together")["tuned"]["r_precision"].get<double>(), 0.01);
  }

  /// Waits until a run has come so far that a file of it is there.
  bool comes(const std::string& file) const {
    for (int i = 0; i < 600 && !fs::exists(folder / file); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return fs::exists(folder / file);
  }

  TemporaryFolder folder;
};

TEST_F(DistributedTest, two_processes_train_what_one_trains) { expect_same_as_alone(pipeline(), 2); }

TEST_F(DistributedTest, three_processes_share_memory_proxies_and_gradient_cache) {
  auto with_all = pipeline();
  with_all["train"]["gradient_cache"] = 4;
  with_all["train"]["loss"] = json::array({{{"type", "multi_similarity"}, {"memory", {{"size", 64}}}},
                                           {{"type", "proxy_anchor"}, {"weight", 0.5}}});
  expect_same_as_alone(with_all, 3);
}

TEST_F(DistributedTest, batch_norms_divide_by_the_statistics_of_the_whole_batch) {
  auto with_norm = pipeline();
  with_norm["model"]["head"] = {
      {"type", "sequential"},
      {"layers", json::array({{{"linear", 12}}, "batch_norm", "relu", {{"linear", 8}}})}};
  // Adam makes full steps of the rounding that is the gradient of a bias before a norm.
  with_norm["train"]["optimizer"] = {{"type", "sgd"}, {"lr", 0.5}};
  expect_same_as_alone(with_norm, 3);
  const auto log = read_file(folder / "together/log.txt");
  EXPECT_NE(log.find("batch norms, or what else keeps statistics, of kindred.sequential divide by the "
                     "statistics of the whole batch"),
            std::string::npos)
      << log;
}

TEST_F(DistributedTest, a_miner_draws_the_same_in_every_process) {
  auto mined = pipeline();
  mined["train"]["loss"] = {{"type", "margin"}, {"miner", {{"type", "distance_weighted"}}}};
  expect_same_as_alone(mined, 2);
}

TEST_F(DistributedTest, another_pipeline_is_refused_by_name) {
  write_pipeline(folder, pipeline());
  const std::vector<std::string> same = {"run", "pipeline.json", "--output", "refused"};
  auto other = same;
  other.insert(other.end(), {"--set", "train.optimizer.lr=0.5"});
  for (const auto& one : ProcessGroup(folder, {same, other}).wait()) {
    EXPECT_EQ(one.code, 1);
    EXPECT_NE(one.error.find("error: rank 1 on "), std::string::npos) << one.error;
    EXPECT_NE(one.error.find("/train/optimizer/lr is 0.5 in place of 0.02"), std::string::npos) << one.error;
  }
  EXPECT_FALSE(fs::exists(folder / "refused"));
}

TEST_F(DistributedTest, other_data_is_refused_by_name) {
  write_pipeline(folder, pipeline());
  fs::create_directories(folder / "b");
  write_npy(folder / "b/x.npy", at::randn({240, 16}));
  write_npy(folder / "b/y.npy", at::arange(240, at::kLong).fmod(20).to(at::kLong));
  fs::copy_file(folder / "pipeline.json", folder / "b/pipeline.json");
  const auto results = ProcessGroup(folder, {{"run", "pipeline.json", "--output", "refused"},
                                             {"run", "b/pipeline.json", "--output", "refused"}})
                           .wait();
  for (const auto& one : results) {
    EXPECT_EQ(one.code, 1);
    EXPECT_NE(one.error.find("rank 1 sees other data than rank 0"), std::string::npos) << one.error;
  }
}

TEST_F(DistributedTest, one_interrupt_stops_all_and_another_number_goes_on) {
  auto longer = pipeline();
  longer["train"]["epochs"] = 30;
  write_pipeline(folder, longer);
  ASSERT_EQ(run_host(folder, {"run", "pipeline.json", "--output", "alone"}).code, 0);
  ProcessGroup group(folder, 2, {"run", "pipeline.json", "--output", "stopped"});
  ASSERT_TRUE(comes("stopped/history.jsonl"));
  group.process(1).interrupt();  // the user's signal reaches one of them
  for (const auto& one : group.wait()) EXPECT_EQ(one.code, 130) << one.error;
  EXPECT_EQ(result("stopped")["status"], "interrupted");
  const auto results = ProcessGroup(folder, 3, {"run", "--resume", "stopped"}).wait();
  for (const auto& one : results) ASSERT_EQ(one.code, 0) << one.error;
  EXPECT_EQ(result("stopped")["status"], "completed");
  EXPECT_EQ(result("stopped")["timings"]["epochs"], 30);
  EXPECT_NEAR(result("stopped")["metrics"]["tuned"]["r_precision"].get<double>(),
              result("alone")["metrics"]["tuned"]["r_precision"].get<double>(), 0.02);
}

TEST_F(DistributedTest, a_process_that_fails_says_why_on_all) {
  write_pipeline(folder, pipeline());
  write_file_atomically(folder / "file", "");
  // Rank 0 cannot make its folder behind a file.
  const auto results = ProcessGroup(folder, 2, {"run", "pipeline.json", "--output", "file/run"}).wait();
  EXPECT_NE(results[0].code, 0);
  EXPECT_EQ(results[1].code, 1);
  EXPECT_NE(results[1].error.find("rank 0 on "), std::string::npos) << results[1].error;
  EXPECT_NE(results[1].error.find(" ended: "), std::string::npos) << results[1].error;
}

TEST_F(DistributedTest, a_slow_process_is_waited_for) {
  auto longer = pipeline();
  longer["train"]["epochs"] = 30;
  write_pipeline(folder, longer);
  ProcessGroup group(folder, 2, {"run", "pipeline.json", "--output", "slow"});
  ASSERT_TRUE(comes("slow/history.jsonl"));
  group.process(1).pause();
  std::this_thread::sleep_for(std::chrono::seconds(3));
  group.process(1).go_on();
  for (const auto& one : group.wait()) EXPECT_EQ(one.code, 0) << one.error;
  EXPECT_EQ(result("slow")["timings"]["epochs"], 30);
}

TEST_F(DistributedTest, a_full_disk_of_the_first_process_ends_all) {
  const std::string disk = folder / "disk";
  fs::create_directories(disk);
  if (std::system(("mount -t tmpfs -o size=24k tmpfs '" + disk + "' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "no file system of a few bytes can be mounted here";
  }
  write_pipeline(folder, pipeline());
  const auto results = ProcessGroup(folder, 2, {"run", "pipeline.json", "--output", "disk/run"}).wait();
  EXPECT_EQ(std::system(("umount '" + disk + "'").c_str()), 0);
  EXPECT_EQ(results[0].code, 1);
  EXPECT_NE(results[0].error.find("No space left on device"), std::string::npos) << results[0].error;
  EXPECT_EQ(results[1].code, 1);
  EXPECT_NE(results[1].error.find("rank 0 on "), std::string::npos) << results[1].error;
  EXPECT_NE(results[1].error.find("No space left on device"), std::string::npos) << results[1].error;
}

TEST_F(DistributedTest, a_series_is_refused) {
  write_pipeline(folder, pipeline());
  const auto refused = run_host(folder, {"run", "pipeline.json", "--seeds", "2", "--rank", "0",
                                         "--world-size", "2", "--master", "127.0.0.1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.error.find("a series of runs is made by one process"), std::string::npos)
      << refused.error;
  EXPECT_FALSE(fs::exists(folder / "runs"));
}

TEST_F(DistributedTest, a_restart_of_the_launcher_goes_on) {
  auto longer = pipeline();
  longer["train"]["epochs"] = 30;
  write_pipeline(folder, longer);
  const auto port = std::to_string(free_port());
  ::setenv("WORLD_SIZE", "2", 1);
  ::setenv("MASTER_ADDR", "127.0.0.1", 1);
  ::setenv("MASTER_PORT", port.c_str(), 1);
  const auto begun = [&](const char* rank, const char* restart) {
    ::setenv("RANK", rank, 1);
    ::setenv("LOCAL_RANK", rank, 1);
    ::setenv("TORCHELASTIC_RESTART_COUNT", restart, 1);
    return std::make_unique<HostProcess>(
        folder, std::vector<std::string>{"run", "pipeline.json", "--output", "restarted"});
  };
  auto first = begun("0", "0"), second = begun("1", "0");
  ASSERT_TRUE(comes("restarted/history.jsonl"));
  second->kill();
  second->wait();
  const auto failed = first->wait();
  EXPECT_EQ(failed.code, 1);
  EXPECT_NE(failed.error.find("error: rank 1 on "), std::string::npos) << failed.error;
  EXPECT_EQ(result("restarted")["status"], "failed");
  first = begun("0", "1");
  second = begun("1", "1");
  const auto done = first->wait();
  EXPECT_EQ(done.code, 0) << done.error;
  EXPECT_NE(done.error.find("resuming at epoch"), std::string::npos) << done.error;
  EXPECT_EQ(second->wait().code, 0);
  EXPECT_EQ(result("restarted")["timings"]["epochs"], 30);
  for (const auto* name :
       {"WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "RANK", "LOCAL_RANK", "TORCHELASTIC_RESTART_COUNT"}) {
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace kindred::testing
