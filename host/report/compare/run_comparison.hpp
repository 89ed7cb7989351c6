#pragma once

#include <limits>
#include <string>
#include <vector>

#include "host/evaluation/comparison.hpp"
#include "host/report/finished_run.hpp"
#include "host/report/pipeline_difference.hpp"

namespace kindred::host {

/// What one run has of a metric, beside the first run.
struct ComparedValue {
  double value = std::numeric_limits<double>::quiet_NaN();       ///< NaN: the run has none
  double difference = std::numeric_limits<double>::quiet_NaN();  ///< to the first run; NaN for that itself
  Interval interval{value, value};                               ///< of the difference
  Verdict verdict = Verdict::unknown;
};

struct ComparedMetric {
  std::string side;  ///< base or tuned
  std::string name;
  bool higher_is_better = true;
  int64_t queries = 0;  ///< that all runs share and of which the values are means; 0: they are of result.json
  std::vector<ComparedValue> values{};  ///< of each run
};

/// A query, and what each run makes of it.
struct ComparedQuery {
  std::string sample, class_name;
  std::vector<double> values{};                         ///< by the metric that the list goes by
  std::vector<std::string> nearest{}, nearest_class{};  ///< the nearest neighbour by the trained model
  std::vector<double> distances{};
};

/// Runs side by side, each compared with the first.
struct RunComparison {
  std::vector<FinishedRun> runs;
  size_t common_queries = 0;
  std::vector<size_t> left_out{};    ///< of each run's queries; 0 for a run without a table of them
  std::vector<std::string> notes{};  ///< what has to be known to read the figures
  std::vector<ComparedMetric> metrics{};
  std::vector<std::string> sentences{};  ///< which run is better, by each metric
  std::vector<PipelineDifference> pipelines{};
  std::string
      query_metric{};  ///< by which the runs differ most over the queries below; "" where there are none
  std::vector<ComparedQuery> queries{};
};

/// "run 1", as tables and sentences call the run at a place.
std::string run_title(size_t place);

/// "better", "worse", "not to be told apart" or, where no class differs, "the same". There is an interval.
std::string verdict_text(const ComparedValue& value);

/// Reads and compares the runs. Throws Error where one of the paths is no run, or two are the same.
RunComparison compare_runs(const std::vector<std::string>& paths);

/// The comparison for people, and for programs (docs/commands.md).
std::string run_comparison_text(const RunComparison& comparison);
nlohmann::json run_comparison_json(const RunComparison& comparison);

/// The same as a page in one file, with the curves of all runs.
std::string run_comparison_page(const RunComparison& comparison);

}  // namespace kindred::host
