#include "host/run/series_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/series_table.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

json run_of(json variant, json more, double tuned, int64_t queries) {
  json settings = variant;
  settings.update(more);
  return {{"folder", "x"},
          {"variant", variant},
          {"settings", settings},
          {"status", "completed"},
          {"metrics", {{"base", {{"m", 0.25}}}, {"tuned", {{"m", tuned}}}}},
          {"queries", {{"m", queries}}}};
}

json failed_run(json variant) {
  return {{"folder", "x-2"},
          {"variant", variant},
          {"settings", variant},
          {"status", "failed"},
          {"error", "no disk"}};
}

TEST(SeriesResults, take_the_mean_over_all_queries_of_folds_and_the_spread_over_seeds) {
  const json lr = {{"train.optimizer.lr", 0.1}};
  json results = {{"runs",
                   {run_of(lr, {{"seed", 1}, {"data.split.fold", 1}}, 0.5, 30),
                    run_of(lr, {{"seed", 1}, {"data.split.fold", 2}}, 0.9, 10),
                    run_of(lr, {{"seed", 2}, {"data.split.fold", 1}}, 0.7, 30),
                    run_of(lr, {{"seed", 2}, {"data.split.fold", 2}}, 0.7, 10)}}};
  summarize_series(results);
  EXPECT_EQ(results["spread_over"], "seeds");
  const auto value = results["variants"][0]["metrics"]["tuned"]["m"];
  // The seeds give (0.5 * 30 + 0.9 * 10) / 40 = 0.6, and 0.7.
  EXPECT_NEAR(value["mean"].get<double>(), 0.65, 1e-12);
  EXPECT_NEAR(value["standard_deviation"].get<double>(), 0.1 / std::sqrt(2), 1e-12);
  EXPECT_EQ(value["values"], (json{0.5, 0.9, 0.7, 0.7}));
}

TEST(SeriesResults, count_what_is_missing_and_show_it) {
  const json a = {{"lr", 0.1}}, b = {{"lr", 0.2}};
  json results = {{"runs", {run_of(a, json::object(), 0.5, 30), failed_run(b)}}};
  summarize_series(results);
  EXPECT_TRUE(results["spread_over"].is_null());
  EXPECT_TRUE(results["variants"][0]["metrics"]["tuned"]["m"]["standard_deviation"].is_null());
  EXPECT_EQ(results["variants"][1]["completed"], 0);
  const auto table = series_table(results);
  EXPECT_THAT(table, HasSubstr("  lr=0.1     1/1   0.2500        -   0.5000        -    2.00x\n"));
  EXPECT_THAT(table, HasSubstr("  lr=0.2     0/1        -        -        -        -        -\n"));
  EXPECT_THAT(table, HasSubstr("x-2 failed: no disk\n"));
}

TEST(SeriesResults, say_each_warning_once_with_how_many_runs_said_it) {
  const json a = {{"lr", 0.1}};
  auto first = run_of(a, {{"seed", 1}}, 0.5, 30), second = run_of(a, {{"seed", 2}}, 0.6, 30);
  note_warnings(first, {{"warnings", {"one class", "skipped a.jpg: it is cut off", "one class"}}});
  note_warnings(second, {{"warnings", {"worse than base", "one class", "said before"}}});
  EXPECT_EQ(second["warnings"], (json{"worse than base", "one class", "said before"}));
  auto failed = failed_run(a);
  note_warnings(failed, json::object());
  json results = {{"runs", {first, second, failed}}};
  summarize_series(results);
  const auto table = series_table(results, {"said before"});
  EXPECT_THAT(table, ::testing::EndsWith("warning (2 of 3 runs): one class\n"
                                         "warning (1 of 3 runs): worse than base\n"));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("skipped")));
  EXPECT_THAT(series_table(results), HasSubstr("warning (1 of 3 runs): said before\n"));
}

}  // namespace
}  // namespace kindred::host
