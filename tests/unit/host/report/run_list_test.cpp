#include "host/report/run_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "host/base/file_lock.hpp"
#include "host/report/pipeline_difference.hpp"
#include "host/report/remove_run.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class RunFolders : public ::testing::Test {
 protected:
  std::string make(const std::string& name, const std::string& status, const json& trackers = json::array()) {
    const auto path = folder_ / name;
    fs::create_directories(path + "/model");
    write_file_atomically(path + "/pipeline.json",
                          json{{"name", "cars"}, {"output", {{"trackers", trackers}}}}.dump());
    write_file_atomically(path + "/log.txt", "begun\n");
    write_file_atomically(path + "/model/model.json", "{}");
    if (!status.empty()) write_file_atomically(path + "/result.json", json{{"status", status}}.dump());
    return path;
  }

  testing::TemporaryFolder folder_{"run_folders"};
};

TEST_F(RunFolders, are_found_with_their_status_and_links_are_not_followed) {
  make("runs/a/1", "completed");
  make("runs/a/2", "");
  make("elsewhere", "failed");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "runs/a/link");
  write_file_atomically(make("runs/b", "") + "/result.json", "{");
  fs::create_directories(folder_ / "runs/series/seed-2");
  write_file_atomically(folder_ / "runs/series/results.json", "{}");
  write_file_atomically(folder_ / "runs/series/seed-2/pipeline.json", R"({"name": "cars"})");
  std::map<std::string, ListedRun> found;
  for (const auto& one : find_runs(folder_ / "runs")) found[one.run.path] = one;
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[folder_ / "runs/a/1"].run.status, "completed");
  EXPECT_EQ(found[folder_ / "runs/a/2"].run.status, "unknown");
  EXPECT_EQ(found[folder_ / "runs/b"].run.status, "damaged");
  EXPECT_THAT(found[folder_ / "runs/b"].fault, HasSubstr("result.json is no JSON object"));
  EXPECT_EQ(found[folder_ / "runs/series/seed-2"].run.status, "waiting");
  EXPECT_EQ(found[folder_ / "runs/series/seed-2"].series, folder_ / "runs/series");
  EXPECT_THAT(testing::thrown([&] { find_runs(folder_ / "nowhere"); }), HasSubstr("there is no folder"));
}

TEST_F(RunFolders, that_failed_are_removed_with_what_trackers_wrote) {
  const auto path = make("runs/a", "failed", {{{"type", "kindred.csv"}, {"file", "numbers/all.csv"}}});
  fs::create_directories(path + "/numbers");
  write_file_atomically(path + "/result.json.a8Xk2q", "half");
  fs::create_directories(folder_ / "kept");
  fs::create_directory_symlink(folder_ / "kept", path + "/checkpoints");
  EXPECT_EQ(remove_failed_run(path, true).left, "");
  EXPECT_TRUE(fs::exists(path + "/model/model.json")) << "a dry run removes nothing";
  EXPECT_EQ(remove_failed_run(path, false).left, "");
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(folder_ / "kept")) << "a link is removed, not what it leads to";
}

TEST_F(RunFolders, are_left_where_they_did_not_fail_are_written_are_links_or_hold_something_else) {
  EXPECT_EQ(remove_failed_run(make("done", "completed"), false).left, "it has not failed");
  EXPECT_EQ(remove_failed_run(make("killed", ""), false).left, "it has not failed");
  const auto path = make("failed", "failed");
  fs::create_directory_symlink(path, folder_ / "link");
  EXPECT_EQ(remove_failed_run(folder_ / "link", false).left, "it is no folder, or a link to one");
  {
    const auto lock = FileLock::try_take(path + "/log.txt");
    EXPECT_EQ(remove_failed_run(path, false).left, "a process writes it now");
    EXPECT_EQ(remove_failed_run(path, true).left, "a process writes it now");
  }
  write_file_atomically(path + "/notes.md", "mine");
  EXPECT_EQ(remove_failed_run(path, false).left, "it holds notes.md, which no run writes");
  EXPECT_TRUE(fs::exists(path + "/model/model.json")) << "nothing of it was removed";
  fs::create_directories(folder_ / "photos");
  EXPECT_EQ(remove_failed_run(folder_ / "photos", false).left, "it is not the folder of a run");
}

TEST(PipelineDifferences, name_the_places_and_take_another_component_as_one) {
  const auto a = json::parse(
      R"({"train": {"epochs": 3, "loss": {"type": "kindred.x", "t": 1}}, "head": [1], "output": {"directory": "a"}})");
  const auto b = json::parse(
      R"({"train": {"epochs": 5, "loss": {"type": "kindred.y"}}, "head": [1, 2], "a/b": null, "output": {"directory": "b"}})");
  const auto found = pipeline_differences({&a, &b});
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].pointer, "/a~1b");
  EXPECT_FALSE(found[0].values[0]);
  EXPECT_EQ(found[1].pointer, "/head/1");
  EXPECT_EQ(found[2].pointer, "/train/epochs");
  EXPECT_EQ(found[3].pointer, "/train/loss");
  EXPECT_EQ(difference_text(found[3].values[1]), "y");
  EXPECT_EQ(difference_text(found[0].values[0]), "none");
  EXPECT_TRUE(pipeline_differences({&a, &a}).empty());
  EXPECT_LT(difference_text(json(std::string(90, 'p'))).size(), 45U);
}

TEST(FirstMetric, is_that_which_the_pipeline_names_first) {
  FinishedRun run;
  run.pipeline =
      json::parse(R"({"evaluate": {"metrics": [{"type": "kindred.r_precision"}, {"type": "kindred.ami"}]}})");
  run.result = json::parse(R"({"metrics": {"tuned": {"ami": 0.1, "r_precision": 0.2}}})");
  EXPECT_EQ(first_metric(run), "r_precision");
  run.pipeline["evaluate"]["metrics"][0]["type"] = "kindred.precision_at_k";
  run.result["metrics"]["tuned"]["precision_at_5"] = 0.3;
  EXPECT_EQ(first_metric(run), "precision_at_5");
}

}  // namespace
}  // namespace kindred::host
