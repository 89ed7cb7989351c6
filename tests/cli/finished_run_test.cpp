#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

/// Runs that are completed, and what is done with their folders.
class FinishedRun : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    testing::write_pipeline(folder_, testing::vectors_pipeline());
  }
  testing::HostResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "run");
    return testing::run_host(folder_, arguments);
  }
  /// The content of every file below a folder of the test.
  std::map<std::string, std::string> files_of(const std::string& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / folder)) {
      if (entry.is_regular_file()) files[entry.path().string()] = read_file(entry.path().string());
    }
    return files;
  }
  testing::TemporaryFolder folder_{"finished"};
};

TEST_F(FinishedRun, leaves_no_checkpoints_and_a_resume_says_so_and_changes_nothing) {
  const auto first = run({"pipeline.json", "--quiet", "--output", "out"});
  ASSERT_EQ(first.code, 0) << first.error;
  EXPECT_FALSE(fs::exists(folder_.path() / "out/checkpoints"));
  const auto before = files_of("out");
  for (const auto& how :
       {std::vector<std::string>{"--resume", "out"}, {"pipeline.json", "--resume", "out"}}) {
    const auto again = run(how);
    EXPECT_EQ(again.code, 0) << again.error;
    EXPECT_THAT(again.error, HasSubstr("completed already; nothing was changed"));
    EXPECT_EQ(again.out, first.out);
    EXPECT_EQ(files_of("out"), before);
  }
  const auto longer = run({"--resume", "out", "--set", "train.epochs=20"});
  EXPECT_EQ(longer.code, 1);
  EXPECT_THAT(longer.error, HasSubstr("keep_checkpoints"));
  EXPECT_EQ(files_of("out"), before);
  const auto other = run({"--resume", "out", "--set", "train.optimizer.lr=0.5"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.error, HasSubstr("/train/optimizer/lr differs"));
}

TEST_F(FinishedRun, is_named_where_a_resume_is_given_a_part_of_it) {
  ASSERT_EQ(run({"pipeline.json", "--quiet", "--output", "runs/a"}).code, 0);
  for (const auto* part : {"runs/a/model", "runs/a/model/", "runs/a/result.json"}) {
    const auto result = run({"--resume", part});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.error, HasSubstr("it is a part of the run runs/a: host run --resume runs/a\n"))
        << part;
  }
  EXPECT_THAT(run({"--resume", "runs"}).error, HasSubstr("runs holds no run that could be continued\n"));
}

TEST_F(FinishedRun, goes_on_with_more_epochs_where_its_checkpoints_were_kept) {
  const std::vector<std::string> keep = {"--set", "output.keep_checkpoints=true", "--quiet"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), keep.begin(), keep.end());
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.error;
  };
  with({"pipeline.json", "--output", "whole", "--set", "train.epochs=20"});
  with({"pipeline.json", "--output", "parts"});
  EXPECT_TRUE(fs::exists(folder_.path() / "parts/checkpoints/trainer.json"));
  with({"pipeline.json", "--resume", "parts", "--set", "train.epochs=20"});
  const auto whole = testing::read_json(folder_ / "whole/result.json"),
             parts = testing::read_json(folder_ / "parts/result.json");
  EXPECT_EQ(parts["timings"]["epochs"], 20);
  EXPECT_EQ(parts["metrics"].dump(), whole["metrics"].dump());
}

TEST_F(FinishedRun, has_a_pipeline_that_is_valid_as_it_is_and_repeats_it) {
  ASSERT_EQ(run({"pipeline.json", "--quiet", "--output", "out"}).code, 0);
  const auto valid = testing::run_host(folder_, {"validate", "out/pipeline.json"});
  EXPECT_EQ(valid.code, 0) << valid.error;
  const auto again = run({"out/pipeline.json", "--quiet", "--output", "again"});
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(testing::read_json(folder_ / "again/result.json")["metrics"].dump(),
            testing::read_json(folder_ / "out/result.json")["metrics"].dump());
  EXPECT_EQ(testing::read_json(folder_ / "again/pipeline.json").dump(),
            testing::read_json(folder_ / "out/pipeline.json").dump());
}

TEST_F(FinishedRun, of_a_version_whose_split_followed_the_seed_is_continued_with_that_split) {
  ASSERT_EQ(run({"pipeline.json", "--quiet", "--output", "out", "--set", "data.split.seed=3"}).code, 0);
  auto begun = testing::read_json(folder_ / "out/pipeline.json");
  begun["data"]["split"].erase("seed");
  begun["data"].erase("duplicates");
  write_file_atomically(folder_ / "out/pipeline.json", begun.dump());
  EXPECT_EQ(run({"--resume", "out"}).code, 0) << "its seed is 3";
  const auto other = run({"pipeline.json", "--resume", "out"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.error, HasSubstr("/data/split/seed differs"));
}

TEST_F(FinishedRun, needs_a_folder_or_a_pipeline) {
  EXPECT_EQ(run({}).code, 2);
  const auto none = run({"--resume", "nowhere"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.error, HasSubstr("nowhere holds no run"));
}

}  // namespace
}  // namespace kindred
