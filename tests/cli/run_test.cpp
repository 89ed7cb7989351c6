#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

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

TEST_F(RunCommand, vectors_of_any_length_keep_their_direction_or_are_refused_by_name) {
  const auto usual = run("usual", {"--set", "train.epochs=0"})["metrics"]["base"];
  const auto x = map_npy(folder_ / "x.npy").clone();
  for (const double scale : {1e-30, 1e30}) {
    write_npy(folder_ / "x.npy", x * scale);
    const auto number = std::to_string(scale > 1);
    const auto refused =
        testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "refused" + number});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.error, HasSubstr("the vector of sample #0 has numbers of up to"));
    EXPECT_THAT(refused.error, HasSubstr("put {\"type\": \"l2_normalize\"} first in model.head"));
    EXPECT_THAT(refused.error, Not(HasSubstr("optimizer.lr")));
    const auto scaled =
        run("scaled" + number,
            {"--set", R"(model.head=[{"type": "l2_normalize"}, {"type": "skip_connection"}])"});
    EXPECT_EQ(scaled["metrics"]["base"], usual) << scale;
    EXPECT_GT(scaled["metrics"]["tuned"]["r_precision"].get<double>(),
              usual["r_precision"].get<double>() + 0.01);
  }
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

TEST_F(RunCommand, early_stopping_counts_what_is_better_by_more_than_min_delta) {
  // No metric rises by more than 1, so the first epoch stays the best.
  const auto result =
      run("out", {"--set", "train.epochs=40", "--set",
                  R"(train.early_stopping={"monitor":"validation.r_precision","patience":3,"min_delta":1})"});
  EXPECT_EQ(result["training"]["best_epoch"], 1);
  EXPECT_EQ(result["timings"]["epochs"], 4);
}

TEST_F(RunCommand, early_stopping_can_be_told_which_way_is_better) {
  const auto result = run(
      "out",
      {"--set", R"(train.early_stopping={"monitor":"validation.r_precision","mode":"min","patience":100})"});
  std::istringstream history(read_file(folder_ / "out/history.jsonl"));
  double lowest = 1e9;
  for (std::string line; std::getline(history, line);)
    lowest = std::min(lowest, nlohmann::json::parse(line)["validation"]["r_precision"].get<double>());
  EXPECT_DOUBLE_EQ(result["training"]["best_value"].get<double>(), lowest);
}

TEST_F(RunCommand, keeps_the_epoch_with_the_lowest_mean_rank) {
  const std::string plugins = std::string(KINDRED_TEST_FIXTURES) + "/good";
  const auto with = [&](const std::string& output, const std::string& stopping) {
    return run(output,
               {"--plugins", plugins, "--set", R"(evaluate.metrics=[{"type":"fixture.mean_rank"}])", "--set",
                R"(data.split.validation={"fraction":0.4})", "--set", R"(model.head={"type":"projection"})",
                "--set", "train.epochs=12", "--set", "train.early_stopping=" + stopping});
  };
  const auto ranks = [&](const std::string& output) {
    std::vector<double> all;
    std::istringstream history(read_file(folder_ / (output + "/history.jsonl")));
    for (std::string line; std::getline(history, line);)
      all.push_back(nlohmann::json::parse(line)["validation"]["mean_rank"].get<double>());
    return all;
  };
  const auto lowest = with("lowest", "{}"), highest = with("highest", R"({"mode":"max"})");
  const auto all = ranks("lowest");
  ASSERT_LT(*std::min_element(all.begin(), all.end()), *std::max_element(all.begin(), all.end()));
  EXPECT_GE(all.front(), 1) << "a rank, not a share";
  EXPECT_EQ(lowest["training"]["best_value"].get<double>(), *std::min_element(all.begin(), all.end()));
  EXPECT_EQ(highest["training"]["best_value"].get<double>(), *std::max_element(all.begin(), all.end()));
  EXPECT_EQ(lowest["metric_details"]["tuned"]["mean_rank"]["higher_is_better"], false);
  EXPECT_LT(lowest["comparison"]["mean_rank"]["difference"].get<double>(), 0);
  EXPECT_NE(lowest["comparison"]["mean_rank"]["verdict"], "worse");
}

TEST_F(RunCommand, one_class_to_validate_on_is_said_and_neither_chooses_nor_stops) {
  const auto result =
      run("out", {"--set", R"(data.split.validation={"from":"train","fraction":0.07,"min_classes":1})",
                  "--set", R"(train.early_stopping={"patience":2})"});
  EXPECT_EQ(result["data"]["validation"]["groups"], 1);
  EXPECT_EQ(result["timings"]["epochs"], 15);
  EXPECT_EQ(result["training"]["stopped_early"], false);
  EXPECT_EQ(result["training"]["best_epoch"], 0);
  EXPECT_THAT(result["warnings"].dump(), HasSubstr("validation has one class to find"));
  EXPECT_GT(result["metrics"]["tuned"]["r_precision"].get<double>(),
            result["metrics"]["base"]["r_precision"].get<double>() + 0.01);
}

TEST_F(RunCommand, three_classes_are_held_out_where_a_tenth_is_one) {
  const auto result = run("out", {"--set", R"(data.split={"train":{"fraction":0.5}})"});
  EXPECT_EQ(result["data"]["validation"]["groups"], 3);
  EXPECT_EQ(result["data"]["train"]["groups"], 9);
}

TEST_F(RunCommand, figures_of_one_test_class_are_said_to_say_nothing) {
  const auto result = run("out", {"--set", R"(data.split.train={"first":23})", "--set", "train.epochs=2"});
  EXPECT_EQ(result["metrics"]["tuned"]["r_precision"], 1.0);
  EXPECT_THAT(result["warnings"].dump(), HasSubstr("all test samples are of one class"));
  EXPECT_THAT(result["warnings"].dump(), Not(HasSubstr("not better than the encoders alone")));
  EXPECT_TRUE(result["comparison"]["r_precision"]["verdict"].is_null());
}

TEST_F(RunCommand, a_training_that_makes_it_worse_is_said_in_log_table_and_result) {
  const auto ran = testing::run_host(
      folder_, {"run", "pipeline.json", "--output", "out", "--set", "train.optimizer.lr=100", "--set",
                "data.split.seed=3", "--set", "train.batch_sampler.classes=32", "--set",
                R"(model.head={"type":"projection"})"});
  ASSERT_EQ(ran.code, 0) << ran.error;
  const auto result = testing::read_json(folder_ / "out/result.json");
  EXPECT_EQ(result["comparison"]["r_precision"]["verdict"], "worse");
  const auto log = read_file(folder_ / "out/log.txt");
  for (const auto* text : {"the tuned model is not better than the encoders alone (r_precision",
                           "asks for 32 classes in a batch, and the training side has 11"}) {
    EXPECT_THAT(ran.error, HasSubstr(text));
    EXPECT_THAT(ran.out, HasSubstr(text));
    EXPECT_THAT(log, HasSubstr(text));
    EXPECT_THAT(result["warnings"].dump(), HasSubstr(text));
  }
  EXPECT_THAT(ran.out, HasSubstr("r_precision: tuned is worse than base (-"));
}

TEST_F(RunCommand, validation_on_the_test_classes_is_warned_about) {
  const auto result = run("out", {"--set", "data.split.validation=test"});
  EXPECT_THAT(result["warnings"].dump(), HasSubstr("optimistic"));
  EXPECT_EQ(result["data"]["validation"], result["data"]["test"]);
}

TEST_F(RunCommand, whatever_is_warned_of_stands_in_the_result_once_and_is_kept_by_a_resume) {
  // One that was not asked for: a folder that is named on the command line must have what it promises.
  std::ofstream(folder_ / "broken.kindred.so") << "no plugin";
  ::setenv("KINDRED_PLUGIN_PATH", folder_.path().c_str(), 1);
  const std::vector<std::string> more = {"--set", "data.split.validation=test"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_host(folder_, arguments);
  };
  const auto first = with({"run", "pipeline.json", "--quiet", "--output", "out"});
  ::unsetenv("KINDRED_PLUGIN_PATH");
  // Each line of warning on the screen stands in the result, and nothing else does.
  const auto said = [](const std::string& error) {
    std::vector<std::string> lines;
    std::istringstream text(error);
    for (std::string line; std::getline(text, line);) {
      if (line.rfind("warning: ", 0) == 0) lines.push_back(line.substr(9));
    }
    return lines;
  };
  ASSERT_EQ(first.code, 0) << first.error;
  const auto warnings = testing::read_json(folder_ / "out/result.json")["warnings"];
  EXPECT_EQ(warnings, nlohmann::json(said(first.error)));
  EXPECT_THAT(warnings.dump(), HasSubstr("broken.kindred.so"));
  EXPECT_THAT(warnings.dump(), HasSubstr("optimistic"));
  // Another execution says less, and keeps what the first one said.
  std::filesystem::remove(folder_ / "broken.kindred.so");
  ASSERT_EQ(with({"run", "pipeline.json", "--quiet", "--resume", "out"}).code, 0);
  const auto resumed = testing::read_json(folder_ / "out/result.json")["warnings"];
  EXPECT_EQ(std::count(resumed.begin(), resumed.end(), warnings.back()), 1);
  EXPECT_THAT(resumed.dump(), HasSubstr("optimistic"));
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

TEST_F(RunCommand, many_vectors_that_are_not_finite_end_the_run_and_the_first_is_named) {
  auto x = map_npy(folder_ / "x.npy").clone();
  x.slice(0, 0, 120).fill_(std::numeric_limits<float>::quiet_NaN());
  write_npy(folder_ / "x.npy", x);
  const auto result = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "out"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("120 of 240 samples cannot be read"));
  EXPECT_THAT(result.error, HasSubstr("the first is #0: its number 1 of 16 is nan"));
}

TEST_F(RunCommand, collapsed_embeddings_are_warned_about) {
  auto x = map_npy(folder_ / "x.npy").clone().fill_(1);
  x.add_(at::randn(x.sizes()) * 1e-5);
  write_npy(folder_ / "x.npy", x);
  for (const auto* validation : {R"({"fraction":0.2})", R"("none")"}) {
    const auto result =
        run(std::string("out") + validation[1], {"--set", "train.epochs=1", "--set", "model.head=null",
                                                 "--set", R"(model.head={"type":"projection"})", "--set",
                                                 std::string("data.split.validation=") + validation});
    EXPECT_THAT(result["warnings"].dump(), HasSubstr("collapsed")) << validation;
  }
}

TEST_F(RunCommand, a_run_that_stopped_early_gains_no_epoch_by_a_resume) {
  const std::vector<std::string> early = {
      "--set", "train.epochs=400", "--set",
      R"(train.early_stopping={"monitor":"validation.loss","patience":5})"};
  const auto first = run("out", early);
  std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--resume", "out"};
  arguments.insert(arguments.end(), early.begin(), early.end());
  ASSERT_EQ(testing::run_host(folder_, arguments).code, 0);
  const auto again = testing::read_json(folder_ / "out/result.json");
  EXPECT_EQ(again["timings"]["epochs"], first["timings"]["epochs"]);
  EXPECT_EQ(again["metrics"].dump(), first["metrics"].dump());
}

TEST_F(RunCommand, accumulated_gradients_are_those_of_the_larger_batch) {
  // The mean over a batch of 60 is that over two of 30, for a loss that is a mean over samples.
  const auto tuned = [&](const std::string& name, const char* batch, const char* accumulate) {
    const auto result =
        run(name,
            {"--set", "train.epochs=4", "--set", R"(train.loss={"type":"norm_softmax"})", "--set",
             R"(train.optimizer={"type":"sgd","lr":0.5})", "--set", "data.split.validation=none", "--set",
             R"(data.split.train={"fraction":0.5})", "--set", R"(model.head={"type":"projection"})", "--set",
             std::string(R"(train.batch_sampler={"type":"sequential","batch_size":)") + batch + "}", "--set",
             std::string("train.accumulate=") + accumulate});
    return result["training"]["best_value"].get<double>();
  };
  const double whole = tuned("whole", "60", "1"), parts = tuned("parts", "30", "2"),
               small = tuned("small", "30", "1");
  EXPECT_NEAR(parts, whole, 1e-4);
  EXPECT_GT(std::abs(small - whole), 1e-3) << "twice as many steps";
}

TEST_F(RunCommand, a_failure_before_the_first_sample_leaves_a_result_too) {
  const auto failed = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "out",
                                                  "--set", R"(data.split.train={"fraction":0.01})"});
  EXPECT_NE(failed.code, 0);
  EXPECT_EQ(testing::read_json(folder_ / "out/result.json")["status"], "failed");
}

}  // namespace
}  // namespace kindred
