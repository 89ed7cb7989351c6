#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/compare/run_comparison.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kQueriesShown = 10;

std::string text_cell(double value) { return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-"; }

json numbers_json(const std::vector<double>& values) {
  json out = json::array();
  for (const double one : values) out.push_back(number_or_null(one));
  return out;
}

/// Rows of cells as columns that stand below each other; the last one ends where its text does.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) line += fmt::format("{:<{}}  ", row[c], widths[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::vector<std::string> metric_row(const ComparedMetric& metric, size_t run) {
  const auto& one = metric.values[run];
  std::vector<std::string> row = {run == 0 ? metric.side + " " + metric.name : "", run_title(run),
                                  text_cell(one.value)};
  if (run == 0 || !std::isfinite(one.difference)) return row;
  row.push_back(fmt::format("{:+.4f}", one.difference));
  const bool has_interval = std::isfinite(one.interval.low);
  row.push_back(has_interval ? fmt::format("{:+.4f} to {:+.4f}", one.interval.low, one.interval.high) : "-");
  if (has_interval) row.push_back(verdict_text(one));
  return row;
}

std::string runs_text(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (size_t k = 0; k < comparison.runs.size(); ++k) {
    const auto& run = comparison.runs[k];
    rows.push_back({run_title(k), shown(run.path), shown(run.name), run.status});
  }
  return aligned(rows);
}

std::string metrics_text(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows = {{"METRIC", "", "VALUE", "DIFFERENCE", "95 % INTERVAL", ""}};
  for (const auto& metric : comparison.metrics) {
    for (size_t k = 0; k < metric.values.size(); ++k) rows.push_back(metric_row(metric, k));
  }
  return aligned(rows);
}

std::string pipelines_text(const RunComparison& comparison) {
  if (comparison.pipelines.empty()) return "\nThe pipelines say the same.\n";
  std::vector<std::vector<std::string>> rows = {{"PIPELINE"}};
  for (size_t k = 0; k < comparison.runs.size(); ++k) rows.front().push_back(run_title(k));
  for (const auto& one : comparison.pipelines) {
    rows.push_back({shown(one.pointer)});
    for (const auto& value : one.values) rows.back().push_back(difference_text(value));
  }
  return "\n" + aligned(rows);
}

std::string queries_text(const RunComparison& comparison) {
  if (comparison.queries.empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"QUERY", "CLASS", "", comparison.query_metric, "NEAREST", "ITS CLASS", "DISTANCE"}};
  const auto count = std::min(kQueriesShown, comparison.queries.size());
  for (size_t i = 0; i < count; ++i) {
    const auto& one = comparison.queries[i];
    for (size_t k = 0; k < one.values.size(); ++k) {
      rows.push_back({k == 0 ? shown(one.sample) : "", k == 0 ? shown(one.class_name) : "", run_title(k),
                      text_cell(one.values[k]), shown(one.nearest[k]), shown(one.nearest_class[k]),
                      text_cell(one.distances[k])});
    }
  }
  return "\nThe runs differ most over these queries:\n" + aligned(rows);
}

json metric_json(const ComparedMetric& metric) {
  json values = json::array();
  for (const auto& one : metric.values) {
    values.push_back({{"value", number_or_null(one.value)},
                      {"difference", number_or_null(one.difference)},
                      {"interval_95", {number_or_null(one.interval.low), number_or_null(one.interval.high)}},
                      {"verdict", verdict_name(one.verdict)}});
  }
  return {{"side", metric.side},
          {"metric", metric.name},
          {"higher_is_better", metric.higher_is_better},
          {"queries", metric.queries},
          {"runs", values}};
}

}  // namespace

std::string verdict_text(const ComparedValue& value) {
  const auto& [low, high] = value.interval;
  if (value.difference == 0 && low == 0 && high == 0) return "the same";
  return verdict_name(value.verdict).get<std::string>();
}

std::string run_comparison_text(const RunComparison& comparison) {
  auto text = runs_text(comparison) + "\n";
  if (comparison.common_queries > 0)
    text +=
        fmt::format("{} test queries are in all runs that have queries.csv.\n\n", comparison.common_queries);
  text += metrics_text(comparison) + "\n";
  for (const auto& one : comparison.sentences) text += one + "\n";
  for (const auto& one : comparison.notes) text += "note: " + shown(one) + "\n";
  return text + pipelines_text(comparison) + queries_text(comparison);
}

json run_comparison_json(const RunComparison& comparison) {
  json runs = json::array(), metrics = json::array(), pipelines = json::array(), queries = json::array();
  for (size_t k = 0; k < comparison.runs.size(); ++k) {
    const auto& run = comparison.runs[k];
    runs.push_back({{"path", run.path},
                    {"name", run.name},
                    {"status", run.status},
                    {"left_out", comparison.left_out[k]}});
  }
  for (const auto& one : comparison.metrics) metrics.push_back(metric_json(one));
  for (const auto& one : comparison.pipelines) {
    json values = json::array();
    for (const auto& value : one.values) values.push_back(value ? json{{"value", *value}} : json());
    pipelines.push_back({{"pointer", one.pointer}, {"runs", values}});
  }
  for (const auto& one : comparison.queries) {
    queries.push_back({{"sample", one.sample},
                       {"class", one.class_name},
                       {"values", numbers_json(one.values)},
                       {"nearest", one.nearest},
                       {"nearest_class", one.nearest_class},
                       {"nearest_distance", numbers_json(one.distances)}});
  }
  return {{"runs", runs},
          {"common_queries", comparison.common_queries},
          {"metrics", metrics},
          {"sentences", comparison.sentences},
          {"notes", comparison.notes},
          {"pipelines", pipelines},
          {"most_different",
           {{"metric", comparison.query_metric.empty() ? json() : json(comparison.query_metric)},
            {"queries", queries}}}};
}

}  // namespace kindred::host
