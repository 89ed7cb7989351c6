#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <set>
#include <thread>

#include "component.hpp"
#include "kindred/io/file.hpp"
#include "kindred/tracker.hpp"
#include "mlflow_meta.hpp"
#include "mlflow_params.hpp"
#include "mlflow_text.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(MetaFile, reads_scalars_as_pyyaml_writes_them) {
  const MetaFile meta(
      "a: plain and\n  folded: once\nb: 'it''s\n\n  two\n\n\n  three'\nc: \"tab\\t \\u00e4\\U0001F600 \\\n"
      "  \\ on\\x41\"\nd: null\ntags: []\nlist:\n- one: 1\ne: 'the last'\n");
  EXPECT_EQ(meta.value("a"), "plain and folded: once");
  EXPECT_EQ(meta.value("b"), "it's\ntwo\n\nthree");
  EXPECT_EQ(meta.value("c"), "tab\t ä😀  onA");
  EXPECT_EQ(meta.value("e"), "the last");
  EXPECT_EQ(meta.value("one"), "");
  EXPECT_FALSE(meta.has("f"));
}

TEST(MetaFile, keeps_what_is_not_set) {
  MetaFile meta("status: 1\nrun_name: 'a\n\n  b'\nlist:\n- x\nend_time: null\n");
  meta.set("status", "3");
  meta.set("new", yaml_quoted("x"));
  EXPECT_EQ(meta.text(), "status: 3\nrun_name: 'a\n\n  b'\nlist:\n- x\nend_time: null\nnew: \"x\"\n");
}

TEST(MetaFile, reads_what_was_quoted) {
  for (const std::string text : {"", " a ", "it's \"so\": # \\n", "two\nlines\r\n", "Škoda 日本 😀",
                                 "\x01\x7F\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF", "null", "{{x}}"}) {
    const auto quoted = yaml_quoted(text);
    EXPECT_EQ(quoted.find('\n'), std::string::npos);
    MetaFile meta;
    meta.set("name", quoted);
    EXPECT_EQ(MetaFile(meta.text()).value("name"), text);
  }
  EXPECT_EQ(yaml_quoted("ä\xE2\x80\xA8😀"), "\"ä\\u2028\\U0001F600\"");
  EXPECT_EQ(yaml_quoted("a\xE9"), "\"a\\\\xE9\"");  // no UTF-8
}

TEST(MlflowKeys, are_paths_that_mlflow_takes) {
  MlflowKeys keys;
  EXPECT_EQ(keys.of("train.optimizer.lr"), "train.optimizer.lr");
  EXPECT_EQ(keys.of("../a/b"), "_._a_b");
  EXPECT_EQ(keys.of(""), "_");
  EXPECT_EQ(keys.of("größe €"), "größe _");
  EXPECT_EQ(keys.of("größe $"), "größe __2");
  EXPECT_EQ(keys.of("größe €"), "größe _");
  EXPECT_EQ(keys.of_metric("tuned/recall@1"), "tuned/recall_1");
  EXPECT_EQ(keys.of_metric("validation/a/b"), "validation/a_b");
  EXPECT_EQ(keys.of_metric("/.."), "_/_.");
  EXPECT_EQ(keys.of(std::string(300, 'x')), std::string(250, 'x'));
  EXPECT_EQ(keys.of(std::string(301, 'x')), std::string(248, 'x') + "_2");
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ä";
  EXPECT_EQ(code_points(keys.of(umlauts)).size(), 125U) << "a file's name has 255 bytes at most";
  EXPECT_EQ(keys.of_metric("tuned/" + umlauts).size(), 250U);
}

TEST(MlflowParams, are_the_values_by_their_places) {
  const auto params = mlflow_params(R"({"a": {"b": 0.001, "c": [1, 2], "d": {}, "e": null},
                                        "m": [{"type": "x"}, {"type": "y", "on": true}], "t": "two\nlines"})");
  EXPECT_THAT(params, UnorderedElementsAre(Pair("a.b", "0.001"), Pair("a.c", "[1,2]"), Pair("a.d", "{}"),
                                           Pair("a.e", "null"), Pair("m.0.type", "x"), Pair("m.1.type", "y"),
                                           Pair("m.1.on", "true"), Pair("t", "two\nlines")));
  const auto cut = mlflow_params(json({{"long", std::string(7000, 'x')}}).dump()).at(0).second;
  EXPECT_EQ(cut, std::string(5997, 'x') + "...");
  EXPECT_TRUE(mlflow_params("{}").empty());
}

/// A run's folder beside the store, and what the tracker wrote.
class Tracked : public ::testing::Test {
 protected:
  std::string store() const { return folder_ / "ml runs"; }

  std::string run_folder(const std::string& name) const {
    const auto path = folder_.path() / "runs" / "cars" / name;
    fs::create_directories(path);
    return path.string();
  }

  /// Epochs first + 1 to last of the run of a folder.
  void follow(const std::string& run, int64_t first, int64_t last, const std::string& status = "completed",
              const json& more = json::object()) const {
    json params = {{"directory", store()}};
    params.update(more);
    const auto tracker = testing::make<Tracker>("core", "kindred.mlflow", params);
    tracker->start({"cars", run_folder(run), R"({"train": {"epochs": 4}})", first});
    for (int64_t epoch = first + 1; epoch <= last; ++epoch) {
      tracker->epoch(epoch, 10 * epoch,
                     {{"train/loss", 1.0 / static_cast<double>(epoch)},
                      {"validation/x", std::numeric_limits<double>::quiet_NaN()},
                      {"late", 0.1}});
    }
    if (status == "completed") {
      tracker->finish(status, {{"tuned/r_precision", 0.25}});
    } else {
      tracker->finish(status, {});
    }
  }

  /// The folders within one that have a meta.yaml.
  static std::vector<fs::path> described(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (fs::exists(entry.path() / "meta.yaml") && entry.path().filename() != "0")
        found.push_back(entry.path());
    }
    return found;
  }

  fs::path only_experiment() const {
    const auto all = described(store());
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }

  fs::path only_run() const {
    const auto all = described(only_experiment());
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }

  static MetaFile meta(const fs::path& folder) { return MetaFile(read_file(folder / "meta.yaml")); }

  /// The values and steps of a metric.
  std::vector<std::string> points(const std::string& metric) const {
    std::vector<std::string> out;
    std::istringstream lines(read_file(only_run() / "metrics" / metric));
    for (std::string line; std::getline(lines, line);) out.push_back(line.substr(line.find(' ') + 1));
    return out;
  }

  testing::TemporaryFolder folder_{"mlflow"};
};

TEST_F(Tracked, a_run_has_its_values_status_and_files) {
  write_file_atomically(run_folder("one") + "/result.json", "{}");
  write_file_atomically(run_folder("one") + "/mine.txt", "not of the run");
  follow("one", 0, 3);
  const auto run = only_run();
  EXPECT_THAT(run.filename().string(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_THAT(points("train/loss"), ElementsAre("1 1", "0.5 2", "0.3333333333333333 3"));
  EXPECT_THAT(points("late"), ElementsAre("0.1 1", "0.1 2", "0.1 3"));
  EXPECT_THAT(points("tuned/r_precision"), ElementsAre("0.25 3"));
  EXPECT_FALSE(fs::exists(run / "metrics/validation")) << "NaN is no point";
  EXPECT_EQ(read_file(run / "params/train.epochs"), "4");
  EXPECT_EQ(read_file(run / "tags/mlflow.runName"), "one");
  EXPECT_EQ(read_file(run / "tags/kindred.folder"), run_folder("one"));
  EXPECT_EQ(read_file(run / "artifacts/result.json"), "{}");
  EXPECT_FALSE(fs::exists(run / "artifacts/mine.txt"));
  EXPECT_EQ(meta(run).value("status"), "3");
  EXPECT_LE(std::stoll(meta(run).value("start_time")), std::stoll(meta(run).value("end_time")));
  EXPECT_THAT(meta(run).value("artifact_uri"), HasSubstr("/ml%20runs/"));
  EXPECT_EQ(meta(only_experiment()).value("name"), "cars");
  EXPECT_EQ(MetaFile(read_file(store() + "/0/meta.yaml")).value("name"), "Default");
}

TEST_F(Tracked, a_resumed_run_goes_on_where_it_was) {
  follow("one", 0, 3, "interrupted");
  const auto run = only_run();
  EXPECT_EQ(meta(run).value("status"), "5");
  auto renamed = meta(run);
  renamed.set("run_name", "'my name'");  // as a user of MLflow does
  write_file_atomically((run / "meta.yaml").string(), renamed.text());
  follow("one", 1, 4);
  EXPECT_EQ(only_run(), run);
  EXPECT_THAT(points("late"), ElementsAre("0.1 1", "0.1 2", "0.1 3", "0.1 4"));
  EXPECT_EQ(meta(run).value("status"), "3");
  EXPECT_EQ(meta(run).value("run_name"), "my name");
  EXPECT_EQ(meta(run).value("start_time"), renamed.value("start_time"));
  follow("one", 0, 1, "failed");  // it begins again
  EXPECT_THAT(points("late"), ElementsAre("0.1 1"));
  EXPECT_FALSE(fs::exists(run / "metrics/tuned/r_precision")) << "MLflow opens no metric without points";
  EXPECT_EQ(meta(run).value("status"), "4");
}

TEST_F(Tracked, runs_that_begin_at_once_share_an_experiment) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this, i] { follow(std::to_string(i), 0, 2); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(described(only_experiment()).size(), 4U);
  EXPECT_EQ(meta(only_experiment()).value("name"), "cars");
}

TEST_F(Tracked, an_experiment_is_found_by_its_name_and_a_deleted_one_is_not_used) {
  follow("one", 0, 1);
  const auto ours = only_experiment();
  auto renamed = meta(ours);
  renamed.set("name", "'renamed in\n\n  MLflow'");
  write_file_atomically((ours / "meta.yaml").string(), renamed.text());
  follow("two", 0, 1);
  follow("three", 0, 1, "completed", {{"experiment", "renamed in\nMLflow"}});
  EXPECT_EQ(described(ours).size(), 2U);
  EXPECT_EQ(described(store()).size(), 2U);
  fs::create_directories(fs::path(store()) / ".trash");
  fs::rename(ours, fs::path(store()) / ".trash" / ours.filename());
  try {
    follow("four", 0, 1, "completed", {{"experiment", "renamed in\nMLflow"}});
    FAIL() << "the experiment was deleted";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("experiments restore"));
  }
}

TEST_F(Tracked, a_run_of_a_series_has_the_name_of_both_folders) {
  follow("2026/seed-43", 0, 1);
  EXPECT_EQ(read_file(only_run() / "tags/mlflow.runName"), "2026/seed-43");
}

TEST(MlflowTracker, takes_a_folder_and_a_name_that_mlflow_takes) {
  const auto refused = [](const json& params) {
    EXPECT_ANY_THROW(testing::make<Tracker>("core", "kindred.mlflow", params)) << params;
  };
  for (const auto* place : {"http://localhost:5000", "file:mlruns", "sqlite:///mlflow.db", "databricks", ""})
    refused({{"directory", place}});
  refused({{"experiment", std::string(501, 'x')}});
}

}  // namespace
}  // namespace kindred
