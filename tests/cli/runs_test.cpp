#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two runs over vectors of 24 classes, which all cases look at, and one that failed.
class FinishedRuns : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder("finished_runs");
    testing::write_vectors(*folder_);
    testing::write_pipeline(*folder_, testing::vectors_pipeline());
    for (const auto* epochs : {"2", "4"}) {
      const auto set = std::string("train.epochs=") + epochs;
      const auto made =
          host({"run", "pipeline.json", "--quiet", "--output", std::string("runs/") + epochs, "--set", set});
      ASSERT_EQ(made.code, 0) << made.error;
    }
    fs::create_directories(*folder_ / "runs/broken");
    fs::copy(*folder_ / "runs/2/pipeline.json", *folder_ / "runs/broken/pipeline.json");
    write_file_atomically(*folder_ / "runs/broken/result.json",
                          R"({"status": "failed", "error": "disk full"})");
  }
  static void TearDownTestSuite() { delete folder_; }

  static testing::HostResult host(const std::vector<std::string>& arguments) {
    return testing::run_host(*folder_, arguments);
  }

  static testing::TemporaryFolder* folder_;
};
testing::TemporaryFolder* FinishedRuns::folder_ = nullptr;

TEST_F(FinishedRuns, are_listed_with_metric_and_what_differs_from_the_run_before) {
  const auto listed = host({"runs"});
  EXPECT_EQ(listed.code, 0) << listed.error;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("r_precision 0."), HasSubstr("/train/epochs 2 -> 4"),
                                HasSubstr("disk full"), HasSubstr("3 runs")));
  const auto known = json::parse(host({"runs", "runs", "--json", "--metric", "precision_at_1"}).out);
  ASSERT_EQ(known["runs"].size(), 3U);
  EXPECT_EQ(known["runs"][1]["path"], "runs/4");
  EXPECT_EQ(known["runs"][1]["metric"], "precision_at_1");
  EXPECT_EQ(known["runs"][1]["differences"],
            json::parse(R"([{"pointer": "/train/epochs", "before": 2, "now": 4}])"));
  EXPECT_THAT(host({"runs", "--metric", "speed"}).error, HasSubstr("no run was measured by speed"));
  EXPECT_THAT(host({"runs", "nowhere"}).error, HasSubstr("there is no folder nowhere"));
  EXPECT_EQ(host({"runs", "--dry-run"}).code, 2);
}

TEST_F(FinishedRuns, are_pruned_of_those_that_failed) {
  EXPECT_THAT(host({"runs", "--prune", "--dry-run"}).out, HasSubstr("runs/broken  would be removed"));
  EXPECT_TRUE(fs::exists(*folder_ / "runs/broken"));
  EXPECT_THAT(host({"runs", "--prune"}).out, HasSubstr("runs/broken  removed\n1 of 3 runs"));
  EXPECT_FALSE(fs::exists(*folder_ / "runs/broken"));
  EXPECT_TRUE(fs::exists(*folder_ / "runs/2/result.json"));
}

TEST_F(FinishedRuns, are_compared_over_their_queries_in_text_json_and_a_page) {
  const auto compared = host({"compare", "runs/2", "runs/4", "--html", "page.html", "--json"});
  ASSERT_EQ(compared.code, 0) << compared.error;
  const auto value = json::parse(compared.out);
  const auto first = testing::read_json(*folder_ / "runs/2/result.json"),
             second = testing::read_json(*folder_ / "runs/4/result.json");
  EXPECT_EQ(value["runs"][0]["left_out"], 0);
  const auto& metric = value["metrics"][0];
  EXPECT_EQ(metric["metric"], "r_precision") << "the pipeline names it first";
  EXPECT_NEAR(metric["runs"][0]["value"].get<double>(),
              first["metrics"]["tuned"]["r_precision"].get<double>(), 1e-9);
  EXPECT_NEAR(metric["runs"][1]["value"].get<double>(),
              second["metrics"]["tuned"]["r_precision"].get<double>(), 1e-9);
  EXPECT_TRUE(metric["runs"][1]["interval_95"][0].is_number());
  EXPECT_EQ(value["pipelines"][0]["pointer"], "/train/epochs");
  const auto page = read_file(*folder_ / "page.html");
  EXPECT_THAT(page,
              AllOf(HasSubstr("training loss"), HasSubstr("/train/epochs"), Not(HasSubstr("src=\"http"))));
  EXPECT_THAT(host({"compare", "runs/2", "runs/4"}).out, HasSubstr("tuned r_precision"));
}

TEST_F(FinishedRuns, are_asked_for_where_a_comparison_has_too_few_or_none) {
  const auto one = host({"compare", "runs/2"});
  EXPECT_EQ(one.code, 2);
  EXPECT_THAT(one.error, HasSubstr("needs two runs or more"));
  EXPECT_THAT(host({"compare", "runs/2", "runs/9"}).error, HasSubstr("there is no run runs/9"));
  EXPECT_THAT(host({"compare", "runs/2", "runs"}).error, HasSubstr("runs holds no run"));
}

}  // namespace
}  // namespace kindred
