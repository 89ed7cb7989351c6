#include "host/run/run_result.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;

TEST(RunResult, says_how_far_a_run_came_that_failed_at_once) {
  const kindred::testing::TemporaryFolder folder("run_result");
  RunResult result;
  result.write(folder.path().string(), RunStatus::failed, "the disk is gone", RunMaterial(), at::kCPU);
  const auto body = json::parse(read_file(folder / "result.json"));
  EXPECT_EQ(body, result.body());
  EXPECT_EQ(body["status"], "failed");
  EXPECT_EQ(body["error"], "the disk is gone");
  EXPECT_EQ(body["data"]["train"], (json{{"samples", 0}, {"groups", 0}}));
  EXPECT_EQ(body["metrics"], (json{{"base", json::object()}, {"tuned", json::object()}}));
  EXPECT_EQ(body["timings"]["epochs"], 0);
  EXPECT_FALSE(body.contains("training"));
  EXPECT_FALSE(body.contains("training_precision")) << "no encoder learns";
}

TEST(RunResult, takes_up_what_every_step_gave) {
  const kindred::testing::TemporaryFolder folder("run_result_full");
  RunResult result;
  result.encoded({2.5, 40, true});
  result.fitted(1);
  result.fitted(0.5);
  TrainReport report;
  report.epochs = 3;
  report.best_value = -std::numeric_limits<double>::infinity();
  report.monitor = "validation.loss";
  report.epoch_seconds = {3, 1, 2};
  report.steps = 12;
  report.step_seconds = 4;
  result.warned({"first"});
  result.warned({"first", "second"});
  result.trained(report);
  Measured measured;
  MetricValue value{};
  value.name = "r_precision";
  value.mean = 0.5;
  measured.metrics = {value};
  result.measured("base", measured);
  result.evaluated(7);
  EXPECT_EQ(result.metrics()["base"]["r_precision"], 0.5);
  result.write(folder.path().string(), RunStatus::completed, "", RunMaterial(), at::kCPU);
  const auto body = json::parse(read_file(folder / "result.json"));
  const auto& timings = body["timings"];
  EXPECT_EQ(timings["encode_seconds"], 2.5);
  EXPECT_EQ(timings["encode_images_per_second"], 40.0);
  EXPECT_EQ(timings["cache_hit"], true);
  EXPECT_EQ(timings["fit_seconds"], 1.5);
  EXPECT_EQ(timings["epoch_seconds_median"], 2.0);
  EXPECT_EQ(timings["steps_per_second"], 3.0);
  EXPECT_EQ(timings["evaluate_seconds"], 7.0);
  EXPECT_TRUE(body["training"]["best_value"].is_null()) << "JSON has no infinity";
  EXPECT_EQ(body["warnings"], (json{"first", "second"}));
  EXPECT_EQ(body["metric_details"]["base"]["r_precision"]["mean"], 0.5);
  EXPECT_FALSE(body.contains("error"));
}

}  // namespace
}  // namespace kindred::host
