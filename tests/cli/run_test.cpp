#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

class RunCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    testing::write_pipeline(folder_, testing::vectors_pipeline());
  }
  nlohmann::json run(const std::string& output, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = testing::run_host(folder_, arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    return testing::read_json(folder_ / (output + "/result.json"));
  }
  testing::TemporaryFolder folder_{"run"};
};

TEST_F(RunCommand, learns_and_leaves_a_run_folder) {
  const auto result = run("out");
  EXPECT_EQ(result["status"], "completed");
  EXPECT_GT(result["metrics"]["tuned"]["r_precision"].get<double>(),
            result["metrics"]["base"]["r_precision"].get<double>() + 0.01);
  EXPECT_EQ(result["data"]["train"]["groups"], 11);
  EXPECT_EQ(result["data"]["validation"]["groups"], 3);
  EXPECT_EQ(result["data"]["test"]["groups"], 10);
  EXPECT_EQ(result["timings"]["epochs"], 15);
  for (const auto* name :
       {"pipeline.json", "log.txt", "history.jsonl", "model/model.json", "model/head.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out" / name)) << name;
  }
  const auto resolved = testing::read_json(folder_ / "out/pipeline.json");
  EXPECT_EQ(resolved["train"]["optimizer"]["beta1"], 0.9) << "defaults are written out";
  EXPECT_TRUE(resolved["versions"]["plugins"].contains("kindred.core"));
}

TEST_F(RunCommand, the_same_seed_gives_the_same_metrics_to_the_last_bit) {
  const auto a = run("a"), b = run("b"), c = run("c", {"--set", "seed=4"});
  EXPECT_EQ(a["metrics"].dump(), b["metrics"].dump());
  EXPECT_EQ(a["metric_details"].dump(), b["metric_details"].dump());
  EXPECT_NE(a["metrics"].dump(), c["metrics"].dump());
}

TEST_F(RunCommand, stops_early_and_keeps_the_best_epoch) {
  const auto result = run("out", {"--set", "train.epochs=400", "--set",
                                  R"(train.early_stopping={"monitor":"validation.loss","patience":5})"});
  EXPECT_EQ(result["training"]["stopped_early"], true);
  const auto epochs = result["timings"]["epochs"].get<int>(),
             best = result["training"]["best_epoch"].get<int>();
  EXPECT_EQ(epochs, best + 5);
  // The best line of the history is what the result reports.
  std::istringstream history(read_file(folder_ / "out/history.jsonl"));
  double lowest = 1e9;
  for (std::string line; std::getline(history, line);)
    lowest = std::min(lowest, nlohmann::json::parse(line)["validation"]["loss"].get<double>());
  EXPECT_DOUBLE_EQ(result["training"]["best_value"].get<double>(), lowest);
}

TEST_F(RunCommand, validation_on_the_test_classes_is_warned_about) {
  const auto result = run("out", {"--set", "data.split.validation=test"});
  EXPECT_THAT(result["warnings"].dump(), HasSubstr("optimistic"));
  EXPECT_EQ(result["data"]["validation"], result["data"]["test"]);
}

TEST_F(RunCommand, an_occupied_folder_is_refused) {
  run("out");
  const auto again = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "out"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.error, HasSubstr("already holds a run"));
}

TEST_F(RunCommand, whitening_needs_no_epochs) {
  const auto result = run("out", {"--set", R"(model.head={"type":"whitening"})", "--set", "train.epochs=0"});
  EXPECT_GT(result["metrics"]["tuned"]["r_precision"].get<double>(),
            result["metrics"]["base"]["r_precision"].get<double>());
  EXPECT_EQ(result["timings"]["epochs"], 0);
}

}  // namespace
}  // namespace kindred
