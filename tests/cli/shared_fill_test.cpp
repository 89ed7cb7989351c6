#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Toy cars and a small ResNet that is trained from its last stage on: three entries of two shards.
json cars_pipeline() {
  return json::parse(R"({
    "kindred": 1, "name": "cars", "seed": 5,
    "data": {"dataset": {"type": "toy_cars", "classes": 40, "samples": 6, "size": 32},
             "split": {"train": {"fraction": 0.5}, "validation": "none"},
             "transforms": [{"type": "normalize", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8,
                                     "trainable": {"from": "layer4"}}}},
    "cache": {"directory": "kept", "views": 2},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 4, "samples": 3},
              "optimizer": {"type": "adam", "lr": 0.001}, "epochs": 1},
    "evaluate": {"metrics": [{"type": "r_precision"}]}
  })");
}

class SharedFill : public ::testing::Test {
 protected:
  SharedFill() { testing::write_pipeline(folder_, cars_pipeline()); }

  testing::HostResult host(const std::vector<std::string>& arguments) const {
    return testing::run_host(folder_, arguments);
  }
  static std::vector<std::string> fill(const std::string& cache, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"cache",   "fill",  "pipeline.json",           "--json",
                                          "--quiet", "--set", "cache.directory=" + cache};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  json filled(const std::string& cache, const std::vector<std::string>& more = {}) const {
    const auto result = host(fill(cache, more));
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out, nullptr, false);
  }
  /// Says whether a file is what a process leaves of a shard when it is killed.
  static bool is_left(const std::string& name) {
    return name.find(".at-") != std::string::npos || name.find(".claim.json") != std::string::npos ||
           name.find(".json.") != std::string::npos;
  }
  /// The bytes of all files of a cache by their names, but for the locks, which have none, and for what was
  /// left, of which `left` gets the number.
  std::map<std::string, std::string> bytes_of(const std::string& cache, int* left = nullptr) const {
    std::map<std::string, std::string> bytes;
    const auto top = folder_.path() / cache;
    for (const auto& one : fs::recursive_directory_iterator(top)) {
      const auto name = one.path().filename().string();
      if (left != nullptr && is_left(name)) ++*left;
      if (one.is_regular_file() && name != "lock" && !is_left(name))
        bytes[fs::relative(one.path(), top).string()] = read_file(one.path().string());
    }
    return bytes;
  }
  int left_in(const std::string& cache) const {
    int left = 0;
    bytes_of(cache, &left);
    return left;
  }
  /// As if the first of two processes had died elsewhere while it filled a shard.
  void claim_missing_shard(const std::string& cache) const {
    const auto verified = json::parse(host({"cache", "verify", cache, "--json"}).out);
    for (const auto& entry : verified["entries"]) {
      if (entry["missing"].empty()) continue;
      const auto shard = std::to_string(entry["missing"][0].get<int>());
      write_file_atomically(
          folder_ / (cache + "/" + entry["key"].get<std::string>() + "/shard-0000" + shard +
                     "-of-00002.claim.json"),
          R"({"process": "1/2", "host": "node7", "machine": "0123456789ab", "pid": 12, "time": 1})");
      return;
    }
    ADD_FAILURE() << "nothing is missing";
  }
  void expect_equal(const std::string& cache, const std::string& other) const {
    const auto all = bytes_of(cache), others = bytes_of(other);
    ASSERT_GE(all.size(), 15U) << "three entries with two shards, their records and a description each";
    std::vector<std::string> names, other_names;
    for (const auto& one : all) names.push_back(one.first);
    for (const auto& one : others) other_names.push_back(one.first);
    EXPECT_EQ(names, other_names);
    for (const auto& [name, bytes] : all) EXPECT_TRUE(others.at(name) == bytes) << name << " differs";
  }
  /// Runs a command of the shell in the folder, with HOST set.
  int shell(const std::string& command) const {
    const auto line = "cd '" + folder_.path().string() + "' && HOST='" KINDRED_TEST_HOST "' " + command;
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static std::string example(const std::string& name) {
    return std::string("'" KINDRED_TEST_SOURCE "/docs/how-to/many_machines/") + name + "'";
  }

  testing::TemporaryFolder folder_{"shared_fill"};
};

TEST_F(SharedFill, gives_the_bytes_of_one_process_and_a_run_finds_them) {
  const auto alone = filled("alone");
  EXPECT_EQ(alone["filled"], 6);
  EXPECT_EQ(alone["missing"], 0);
  EXPECT_EQ(alone["process"], "1/1");

  const auto second = filled("kept", {"--shard", "2/2"});
  EXPECT_EQ(second["filled"], 3);
  EXPECT_EQ(second["missing"], 3);
  for (const auto& entry : second["entries"]) {
    for (const auto& one : entry["missing"]) EXPECT_EQ(one["process"], "1/2");
  }
  const auto partly = host({"cache", "verify", "pipeline.json"});
  EXPECT_EQ(partly.code, 0) << partly.error;
  EXPECT_THAT(partly.out, AllOf(HasSubstr("missing: shard"), HasSubstr(", of 0 to 1; `host cache fill "),
                                HasSubstr("'pipeline.json'` fills")));

  claim_missing_shard("kept");
  EXPECT_THAT(host({"cache", "verify", "kept"}).out, HasSubstr("was claimed by process 1/2 (node7, pid 12)"));

  const auto first = filled("kept", {"--shard", "1/2"});
  EXPECT_EQ(first["filled"], 3);
  EXPECT_EQ(first["missing"], 0);
  const auto again = filled("kept", {"--shard", "1/2"});
  EXPECT_EQ(again["filled"], 0);
  EXPECT_EQ(again["own_present"], 3);
  expect_equal("kept", "alone");
  EXPECT_EQ(left_in("kept"), 0);
  const auto whole = host({"cache", "verify", "kept"});
  EXPECT_EQ(whole.code, 0) << whole.error;
  EXPECT_THAT(whole.out, AllOf(HasSubstr("  ok"), Not(HasSubstr("missing"))));

  const auto before = bytes_of("kept");
  const auto run = host({"run", "pipeline.json", "--output", "out"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(testing::read_json(folder_ / "out/result.json")["timings"]["cache_hit"], true);
  EXPECT_TRUE(bytes_of("kept") == before);
}

TEST_F(SharedFill, of_a_killed_process_is_finished_by_itself_or_by_who_steals) {
  filled("alone");
  for (const bool steals : {false, true}) {
    fs::remove_all(folder_.path() / "kept");
    testing::HostProcess dying(folder_, fill("kept", {"--shard", "1/2"}));
    const auto claimed = [&] {
      if (!fs::exists(folder_.path() / "kept")) return false;
      for (const auto& one : fs::recursive_directory_iterator(folder_.path() / "kept"))
        if (one.path().string().find(".claim.json") != std::string::npos) return true;
      return false;
    };
    for (int i = 0; i < 30000 && !claimed(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    dying.kill();
    EXPECT_EQ(dying.wait().code, 128 + SIGKILL);
    const auto second = filled("kept", steals ? std::vector<std::string>{"--shard", "2/2", "--steal"}
                                              : std::vector<std::string>{"--shard", "2/2"});
    if (steals) {
      EXPECT_GT(second["filled"], 3) << second;
    } else {
      EXPECT_GT(second["missing"], 0);
      EXPECT_EQ(filled("kept", {"--shard", "1/2"})["missing"], 0);
    }
    expect_equal("kept", "alone");
  }
}

TEST_F(SharedFill, by_processes_at_once_that_were_given_the_same_or_steal_is_right) {
  filled("alone");
  std::vector<std::unique_ptr<testing::HostProcess>> processes;
  for (const auto* shard : {"1/2", "1/2", "2/2"}) {
    processes.push_back(
        std::make_unique<testing::HostProcess>(folder_, fill("kept", {"--shard", shard, "--steal"})));
  }
  int64_t filled_here = 0;
  for (auto& one : processes) {
    const auto result = one->wait();
    EXPECT_EQ(result.code, 0) << result.error;
    filled_here += json::parse(result.out)["filled"].get<int64_t>();
  }
  EXPECT_EQ(filled_here, 6) << "on one machine no shard is filled twice";
  expect_equal("kept", "alone");
  EXPECT_EQ(left_in("kept"), 0);
}

TEST_F(SharedFill, says_where_processes_have_nothing_to_do) {
  const auto result = host({"cache", "fill", "pipeline.json", "--shard", "9/9", "--quiet"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("process 9/9: 0 shards"), HasSubstr("9 processes are more than the 6 shards"),
                    HasSubstr("kept: 6 of 6 shards (by process: 1/9: 1, 2/9: 1")));
}

TEST_F(SharedFill, tells_mistakes) {
  const auto said = [&](const std::vector<std::string>& arguments, int code) {
    const auto result = host(arguments);
    EXPECT_EQ(result.code, code) << result.error;
    return result.error;
  };
  EXPECT_THAT(said({"cache", "fill"}, 2), HasSubstr("needs a pipeline file"));
  EXPECT_THAT(said({"cache", "fill", "pipeline.json", "--shard", "0/2"}, 2), HasSubstr("counted from 1"));
  EXPECT_THAT(said({"cache", "fill", "pipeline.json", "--steal"}, 2), HasSubstr("--steal needs --shard"));
  EXPECT_THAT(said({"cache", "fill", "pipeline.json", "--partial"}, 2),
              HasSubstr("--partial belongs to `host cache clear`"));
  EXPECT_THAT(said({"cache", "list", "--shard", "1/2"}, 2),
              HasSubstr("--shard belongs to `host cache fill`, not to `host cache list`"));
  EXPECT_THAT(said({"cache", "fill", "pipeline.json", "--set", "cache.type=cpu"}, 3),
              HasSubstr("nothing is kept on disk"));
  testing::write_vectors(folder_);
  testing::write_pipeline(folder_, testing::vectors_pipeline(), "vectors.json");
  EXPECT_THAT(said({"cache", "fill", "vectors.json"}, 3), HasSubstr("there is nothing to fill"));
}

TEST_F(SharedFill, is_done_by_the_examples_of_the_documentation) {
  EXPECT_EQ(shell("sh " + example("two_processes.sh") + " pipeline.json >two.txt 2>&1"), 0)
      << read_file(folder_ / "two.txt");
  EXPECT_THAT(read_file(folder_ / "two.txt"), AllOf(HasSubstr("  ok"), Not(HasSubstr("missing: "))));

  fs::remove_all(folder_.path() / "kept");
  for (const auto* task : {"7", "5"}) {  // as sbatch --array=5-7:2 starts them
    const auto variables = std::string("SLURM_ARRAY_TASK_ID=") + task +
                           " SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_STEP=2 ";
    EXPECT_EQ(shell(variables + "sh " + example("slurm_array.sh") + " pipeline.json >array.txt 2>&1"), 0)
        << read_file(folder_ / "array.txt");
  }
  EXPECT_THAT(read_file(folder_ / "array.txt"), HasSubstr("nothing is missing"));

  if (shell("command -v parallel >found.txt 2>&1 && parallel --version 2>&1 | grep -q GNU") != 0)
    GTEST_SKIP() << "there is no GNU parallel";
  fs::remove_all(folder_.path() / "kept");
  EXPECT_EQ(shell("SHARDS=3 sh " + example("gnu_parallel.sh") + " pipeline.json >parallel.txt 2>&1"), 0)
      << read_file(folder_ / "parallel.txt");
  EXPECT_THAT(read_file(folder_ / "parallel.txt"), HasSubstr("nothing is missing"));
}

}  // namespace
}  // namespace kindred
