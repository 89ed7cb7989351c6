#include "host/report/compare/run_comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "host/base/random_streams.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;

/// Runs with tables of queries that were written by hand: sample, label, class, value.
struct Line {
  std::string sample;
  int label;
  std::string class_name;
  double value;
};

class ComparedRuns : public ::testing::Test {
 protected:
  std::string make(const std::string& name, double mean, const std::vector<Line>& lines) {
    const auto path = folder_ / name;
    fs::create_directories(path);
    write_file_atomically(path + "/pipeline.json", json{{"name", name}}.dump());
    write_file_atomically(path + "/log.txt", "");
    write_file_atomically(path + "/result.json",
                          json{{"status", "completed"}, {"metrics", {{"tuned", {{"p", mean}}}}}}.dump());
    if (lines.empty()) return path;
    std::string text = "sample,label,class,tuned.p\n";
    for (const auto& one : lines) {
      text += one.sample + "," + std::to_string(one.label) + "," + one.class_name + "," +
              (std::isnan(one.value) ? "" : std::to_string(one.value)) + "\n";
    }
    write_file_atomically(path + "/queries.csv", text);
    return path;
  }

  testing::TemporaryFolder folder_{"compared_runs"};
};

TEST_F(ComparedRuns, have_the_interval_of_a_brute_force_bootstrap_over_matched_queries) {
  std::vector<Line> a, b;
  std::map<int, std::vector<double>> differences;
  auto random = random_stream(5, Stream::bootstrap);
  for (int i = 0; i < 60; ++i) {
    const int label = i % 7;
    const double x = static_cast<double>(random.below(100)) / 100,
                 y = static_cast<double>(random.below(100)) / 100;
    a.push_back({"s" + std::to_string(i), label, "c" + std::to_string(label), x});
    // The second run numbers its classes otherwise and lists its queries backwards.
    b.insert(b.begin(), {"s" + std::to_string(i), 20 - label, "c" + std::to_string(label), y});
    differences[label].push_back(y - x);
  }
  a.push_back({"only_a", 0, "c0", 1});
  b.push_back({"only_b", 20, "c0", 1});
  a.push_back({"other_class", 0, "c0", 1});
  b.push_back({"other_class", 19, "c1", 1});
  a.push_back({"twice", 0, "c0", 1});
  b.push_back({"twice", 20, "c0", 1});
  b.push_back({"twice", 20, "c0", 0});
  a.push_back({"undefined", 0, "c0", std::nan("")});
  b.push_back({"undefined", 20, "c0", 1});
  const auto compared = compare_runs({make("a", 0.5, a), make("b", 0.6, b)});

  EXPECT_EQ(compared.common_queries, 61U) << "the undefined one is in both";
  EXPECT_EQ(compared.left_out, (std::vector<size_t>{3, 4}));
  std::vector<double> means;
  auto drawing = random_stream(42, Stream::bootstrap);
  for (int r = 0; r < 1000; ++r) {
    double sum = 0, count = 0;
    for (int i = 0; i < 7; ++i) {
      for (const double one : differences[static_cast<int>(drawing.below(7))]) {
        sum += one;
        ++count;
      }
    }
    means.push_back(sum / count);
  }
  std::sort(means.begin(), means.end());
  const auto& metric = compared.metrics.at(0);
  EXPECT_EQ(metric.queries, 60);
  EXPECT_NEAR(metric.values[1].interval.low, means[25], 1e-9);
  EXPECT_NEAR(metric.values[1].interval.high, means[974], 1e-9);
  EXPECT_NEAR(metric.values[1].difference, metric.values[1].value - metric.values[0].value, 1e-12);
}

TEST_F(ComparedRuns, are_better_where_every_class_is_and_list_the_queries_that_differ_most) {
  std::vector<Line> a, b;
  for (int i = 0; i < 12; ++i) {
    a.push_back({"s" + std::to_string(i), i % 3, "c", 0.25});
    b.push_back({"s" + std::to_string(i), i % 3, "c", i == 7 ? 1.0 : 0.5});
  }
  const auto compared = compare_runs({make("a", 0.25, a), make("b", 0.5, b)});
  EXPECT_THAT(compared.sentences.at(0), HasSubstr("p: run 2 is better than run 1 (+0.29"));
  EXPECT_EQ(compared.query_metric, "p");
  EXPECT_EQ(compared.queries.at(0).sample, "s7");
  EXPECT_EQ(compared.queries.at(0).values, (std::vector<double>{0.25, 1.0}));
  const auto same = compare_runs({make("c", 0.25, a), make("d", 0.25, a)});
  EXPECT_EQ(same.sentences.at(0), "p: run 2 and run 1 give the same");
  EXPECT_TRUE(same.queries.empty());
}

TEST_F(ComparedRuns, without_common_queries_are_compared_by_their_results_and_say_so) {
  const std::vector<Line> a = {{"x", 0, "c0", 0.1}, {"y", 1, "c1", 0.2}}, b = {{"z", 0, "c0", 0.9}};
  const auto other = compare_runs({make("a", 0.5, a), make("b", 0.75, b)});
  EXPECT_THAT(other.notes, Contains(HasSubstr("no test query is in all runs")));
  EXPECT_EQ(other.metrics.at(0).queries, 0);
  EXPECT_EQ(other.metrics.at(0).values[1].difference, 0.25);
  EXPECT_TRUE(std::isnan(other.metrics.at(0).values[1].interval.low));
  const auto older = compare_runs({make("c", 0.5, a), make("d", 0.25, {})});
  EXPECT_THAT(older.notes, Contains(HasSubstr("run 2 has no queries.csv")));
  EXPECT_THAT(older.sentences.at(0), HasSubstr("run 2 is behind run 1 (-0.2500)"));
  EXPECT_THAT(testing::thrown([&] {
                compare_runs({folder_ / "a", folder_ / "a"});
              }),
              HasSubstr("named twice"));
}

}  // namespace
}  // namespace kindred::host
