#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
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

/// Series of runs over vectors of 24 classes.
class SeriesCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    pipeline_ = testing::vectors_pipeline();
    pipeline_["train"]["epochs"] = 3;
    testing::write_pipeline(folder_, pipeline_);
  }

  testing::HostResult host(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "run");
    return testing::run_host(folder_, arguments);
  }

  /// Makes a series in the folder `out` and returns its results.json.
  json series(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"pipeline.json", "--quiet", "--output", "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = host(arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    out_ = result.out;
    return testing::read_json(folder_ / "out/results.json");
  }

  json result_of(const std::string& run) {
    return testing::read_json(folder_ / ("out/" + run + "/result.json"));
  }
  double tuned(const std::string& run) {
    return result_of(run)["metrics"]["tuned"]["r_precision"].get<double>();
  }

  testing::TemporaryFolder folder_{"series"};
  json pipeline_;
  std::string out_;
};

TEST_F(SeriesCommand, seeds_test_and_validate_the_same_classes_and_end_in_mean_and_spread) {
  const auto results = series({"--seeds", "3"});
  EXPECT_EQ(results["status"], "completed");
  EXPECT_EQ(results["spread_over"], "seeds");
  ASSERT_EQ(results["variants"].size(), 1U);
  // The encoder is the identity, so base depends on the test classes alone.
  const auto base = results["variants"][0]["metrics"]["base"]["r_precision"];
  EXPECT_EQ(base["standard_deviation"], 0.0);
  const double a = tuned("seed-3"), b = tuned("seed-4"), c = tuned("seed-5"), mean = (a + b + c) / 3;
  const auto value = results["variants"][0]["metrics"]["tuned"]["r_precision"];
  EXPECT_NEAR(value["mean"].get<double>(), mean, 1e-12);
  const double squares = (a - mean) * (a - mean) + (b - mean) * (b - mean) + (c - mean) * (c - mean);
  EXPECT_NEAR(value["standard_deviation"].get<double>(), std::sqrt(squares / 2), 1e-12);
  EXPECT_GT(value["standard_deviation"].get<double>(), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("r_precision"), HasSubstr("3/3"), HasSubstr("over the seeds")));
  EXPECT_EQ(read_file(folder_ / "out/table.txt"), out_);

  const auto alone = host({"pipeline.json", "--quiet", "--output", "alone", "--set", "seed=4"});
  ASSERT_EQ(alone.code, 0) << alone.error;
  EXPECT_EQ(testing::read_json(folder_ / "alone/result.json")["metrics"].dump(),
            result_of("seed-4")["metrics"].dump());
}

TEST_F(SeriesCommand, the_split_has_a_seed_of_its_own_whose_default_is_42) {
  const auto base = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"pipeline.json", "--quiet", "--output", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(host(arguments).code, 0);
    return testing::read_json(folder_ / (name + "/result.json"))["metrics"]["base"].dump();
  };
  const auto as_it_is = base("a", {});
  EXPECT_EQ(base("b", {"--set", "seed=42"}), as_it_is);
  EXPECT_EQ(base("c", {"--set", "data.split.seed=42"}), as_it_is);
  EXPECT_NE(base("d", {"--set", "data.split.seed=43"}), as_it_is);
}

TEST_F(SeriesCommand, a_grid_makes_every_combination_and_has_a_row_for_each) {
  const auto results = series({"--grid", "train.optimizer.lr=0.02,0.2", "--grid",
                               R"(model.head=[],{"type":"skip_connection"})", "--set",
                               R"(train.loss={"type":"norm_softmax"})", "--seeds", "2"});
  EXPECT_EQ(results["runs"].size(), 8U);
  ASSERT_EQ(results["variants"].size(), 4U);
  const auto first = results["variants"][0], last = results["variants"][3];
  EXPECT_EQ(first["settings"], (json{{"train.optimizer.lr", 0.02}, {"model.head", json::array()}}));
  EXPECT_EQ(last["settings"],
            (json{{"train.optimizer.lr", 0.2}, {"model.head", {{"type", "skip_connection"}}}}));
  EXPECT_EQ(last["completed"], 2);
  EXPECT_EQ(last["metrics"]["tuned"]["r_precision"]["values"].size(), 2U);
  EXPECT_NE(results["variants"][1]["metrics"]["tuned"].dump(), last["metrics"]["tuned"].dump());
  EXPECT_THAT(out_, HasSubstr("lr=0.02 "));
}

TEST_F(SeriesCommand, every_variant_is_checked_before_the_first_run_and_all_mistakes_are_said) {
  for (const auto* command : {"run", "validate"}) {
    const auto result =
        testing::run_host(folder_, {command, "pipeline.json", "--grid", "train.optimizer.lr=0.1,fast,-1",
                                    "--grid", "train.epochs=2,many"});
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.error, AllOf(HasSubstr("fast"), HasSubstr("-1"), HasSubstr("many")));
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "runs"));
  EXPECT_EQ(host({"pipeline.json", "--grid", "train.epochs"}).code, 2);
  EXPECT_EQ(host({"pipeline.json", "--grid", "train.epochs=1,,2"}).code, 2);
  EXPECT_EQ(host({"pipeline.json", "--seeds", "0"}).code, 2);
  EXPECT_EQ(host({"pipeline.json", "--seeds", "2", "--grid", "seed=1,2"}).code, 2);
}

TEST_F(SeriesCommand, folds_test_every_class_once_and_the_mean_is_that_over_all_queries) {
  pipeline_["data"]["split"] = {{"folds", 5}};
  testing::write_pipeline(folder_, pipeline_);
  const auto results = series({});
  ASSERT_EQ(results["runs"].size(), 5U);
  EXPECT_EQ(results["spread_over"], "folds");
  double sum = 0, queries = 0;
  int classes = 0;
  for (int fold = 1; fold <= 5; ++fold) {
    const auto result = result_of("fold-" + std::to_string(fold));
    classes += result["data"]["test"]["groups"].get<int>();
    const auto detail = result["metric_details"]["tuned"]["r_precision"];
    sum += detail["queries"].get<double>() * detail["mean"].get<double>();
    queries += detail["queries"].get<double>();
    EXPECT_GE(result["data"]["test"]["groups"], 4);
  }
  EXPECT_EQ(classes, 24);
  EXPECT_EQ(queries, 240);
  EXPECT_NEAR(results["variants"][0]["metrics"]["tuned"]["r_precision"]["mean"].get<double>(), sum / queries,
              1e-12);

  const auto one = host({"pipeline.json", "--quiet", "--output", "one", "--set", "data.split.fold=2"});
  ASSERT_EQ(one.code, 0) << one.error;
  EXPECT_EQ(testing::read_json(folder_ / "one/result.json")["metrics"].dump(),
            result_of("fold-2")["metrics"].dump());
  const auto unclear = testing::run_host(folder_, {"evaluate", "pipeline.json", "--model", "one/model"});
  EXPECT_EQ(unclear.code, 3);
  EXPECT_THAT(unclear.error, HasSubstr("--set data.split.fold=1"));
}

TEST_F(SeriesCommand, folds_refuse_what_they_stand_in_place_of) {
  const auto error_of = [&](const json& split) {
    pipeline_["data"]["split"] = split;
    testing::write_pipeline(folder_, pipeline_);
    const auto result = testing::run_host(folder_, {"validate", "pipeline.json"});
    EXPECT_EQ(result.code, 3) << split;
    return result.error;
  };
  EXPECT_THAT(error_of({{"folds", 1}}), HasSubstr("/data/split/folds"));
  EXPECT_THAT(error_of({{"folds", 5}, {"fold", 6}}), HasSubstr("/data/split/fold"));
  EXPECT_THAT(error_of({{"fold", 2}}), HasSubstr("data.split.folds"));
  EXPECT_THAT(error_of({{"folds", 5}, {"train", {{"fraction", 0.5}}}}), HasSubstr("/data/split/train"));
}

TEST_F(SeriesCommand, a_run_that_fails_costs_no_other_and_is_tried_again) {
  pipeline_["plugins"] = {testing::fixture_folder("faulty")};
  pipeline_["train"]["loss"] = {{"type", "faulty.loss"}, {"what", "error"}};
  testing::write_pipeline(folder_, pipeline_);
  const auto result =
      host({"pipeline.json", "--quiet", "--output", "out", "--grid", "train.loss.call=3,1000"});
  EXPECT_EQ(result.code, 1);
  const auto results = testing::read_json(folder_ / "out/results.json");
  EXPECT_EQ(results["status"], "failed");
  EXPECT_EQ(results["runs"][0]["status"], "failed");
  EXPECT_EQ(results["runs"][1]["status"], "completed");
  EXPECT_THAT(result.out, HasSubstr("call-3 failed: "));
  const auto kept = read_file(folder_ / "out/call-1000/result.json");
  ::setenv("KINDRED_TEST_SOUND", "1", 1);  // the loss fails no more
  const auto resumed = host({"--quiet", "--resume", "out"});
  ::unsetenv("KINDRED_TEST_SOUND");
  EXPECT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_EQ(testing::read_json(folder_ / "out/results.json")["status"], "completed");
  EXPECT_THAT(resumed.out, Not(HasSubstr("failed")));
  EXPECT_EQ(read_file(folder_ / "out/call-1000/result.json"), kept);
}

TEST_F(SeriesCommand, an_interrupted_series_goes_on_as_if_it_had_not_been) {
  pipeline_["train"]["epochs"] = 300;
  testing::write_pipeline(folder_, pipeline_);
  const auto whole = series({"--seeds", "2"});
  testing::HostProcess process(folder_,
                               {"run", "pipeline.json", "--quiet", "--output", "parts", "--seeds", "2"});
  for (int i = 0; i < 6000 && !fs::exists(folder_.path() / "parts/seed-4/history.jsonl"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  process.interrupt();
  const auto stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_EQ(testing::read_json(folder_ / "parts/results.json")["status"], "interrupted");
  const auto first = read_file(folder_ / "parts/seed-3/result.json");
  const auto again = host({"pipeline.json", "--resume", "parts"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.error, HasSubstr("host run --resume parts"));
  const auto resumed = host({"--quiet", "--resume", "parts"});
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  const auto parts = testing::read_json(folder_ / "parts/results.json");
  EXPECT_EQ(parts["variants"].dump(), whole["variants"].dump());
  EXPECT_EQ(read_file(folder_ / "parts/seed-3/result.json"), first);

  const auto done = host({"--resume", "parts"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.error, HasSubstr("completed already"));
  EXPECT_EQ(testing::read_json(folder_ / "parts/results.json").dump(), parts.dump());
}

}  // namespace
}  // namespace kindred
