#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/compare/run_comparison.hpp"
#include "host/report/history_line.hpp"
#include "host/report/html/html.hpp"
#include "host/report/html/line_chart.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::string page_cell(double value, const char* format = "{:.4f}") {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "–";
}

std::string sentence_list(const std::vector<std::string>& sentences) {
  std::string html;
  for (const auto& one : sentences) html += "<li>" + escaped(one) + "</li>\n";
  return html.empty() ? html : "<ul>\n" + html + "</ul>\n";
}

std::string runs_html(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (size_t k = 0; k < comparison.runs.size(); ++k) {
    const auto& run = comparison.runs[k];
    const auto seconds = part_of(run.result, "/timings/total_seconds");
    rows.push_back({run_title(k), escaped(run.path), escaped(run.name), escaped(run.status),
                    std::to_string(run.history.size()),
                    seconds.is_number() ? fmt::format("{:.0f}", seconds.get<double>()) : "–",
                    std::to_string(comparison.left_out[k])});
  }
  return html_table({{"run"},
                     {"folder"},
                     {"name"},
                     {"status"},
                     {"epochs", true},
                     {"seconds", true},
                     {"queries left out", true}},
                    rows);
}

std::string metrics_html(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& metric : comparison.metrics) {
    for (size_t k = 0; k < metric.values.size(); ++k) {
      const auto& one = metric.values[k];
      const bool has_interval = std::isfinite(one.interval.low);
      rows.push_back(
          {k == 0 ? escaped(metric.side + " " + metric.name) : "", run_title(k), page_cell(one.value),
           page_cell(one.difference, "{:+.4f}"),
           has_interval ? fmt::format("{:+.4f} to {:+.4f}", one.interval.low, one.interval.high) : "–",
           has_interval ? verdict_text(one) : ""});
    }
  }
  return html_table({{"metric"},
                     {"run"},
                     {"value", true},
                     {"to run 1", true},
                     {"95 % of redrawn test classes", true},
                     {"verdict"}},
                    rows);
}

std::string chart_of(const RunComparison& comparison, const json::json_pointer& place,
                     const std::string& title) {
  std::vector<ChartLine> lines;
  for (size_t k = 0; k < comparison.runs.size(); ++k)
    lines.push_back(history_line(run_title(k), comparison.runs[k].history, place));
  ChartOptions options;
  options.title = title;
  return line_chart(lines, options);
}

/// A chart for the training loss and one for everything that was validated, each with all runs.
std::string curves_html(const RunComparison& comparison) {
  auto html = chart_of(comparison, "/train/loss"_json_pointer, "training loss");
  std::vector<std::string> names;
  for (const auto& run : comparison.runs) {
    const auto validation = run.history.empty() ? json() : part_of(run.history.front(), "/validation");
    for (const auto& [name, value] : validation.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (const auto& name : names)
    html += chart_of(comparison, json::json_pointer("/validation") / name, "validation " + name);
  return html;
}

std::string pipelines_html(const RunComparison& comparison) {
  if (comparison.pipelines.empty()) return "<p>The pipelines say the same.</p>\n";
  std::vector<HtmlColumn> columns = {{"key"}};
  for (size_t k = 0; k < comparison.runs.size(); ++k) columns.push_back({run_title(k)});
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : comparison.pipelines) {
    rows.push_back({"<code>" + escaped(one.pointer) + "</code>"});
    for (const auto& value : one.values) rows.back().push_back(escaped(difference_text(value)));
  }
  return html_table(columns, rows);
}

std::string queries_html(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : comparison.queries) {
    for (size_t k = 0; k < one.values.size(); ++k) {
      const bool is_right = one.nearest_class[k] == one.class_name;
      rows.push_back(
          {k == 0 ? escaped(one.sample) : "", k == 0 ? escaped(one.class_name) : "", run_title(k),
           page_cell(one.values[k]), escaped(one.nearest[k]),
           is_right ? escaped(one.nearest_class[k]) : "<em>" + escaped(one.nearest_class[k]) + "</em>",
           page_cell(one.distances[k])});
    }
  }
  return html_table({{"query"},
                     {"class"},
                     {"run"},
                     {comparison.query_metric, true},
                     {"nearest neighbour"},
                     {"its class"},
                     {"distance", true}},
                    rows);
}

}  // namespace

std::string run_comparison_page(const RunComparison& comparison) {
  auto html = fmt::format("<h1>{} runs side by side</h1>\n", comparison.runs.size());
  html += html_section("runs", "Runs", runs_html(comparison));
  auto measured = sentence_list(comparison.sentences) + metrics_html(comparison);
  if (comparison.common_queries > 0) {
    measured += fmt::format(
        "<p>Values are means over the {} test queries that are in all runs with queries.csv, where they have "
        "an interval. An interval is that of the difference for other test classes of the same kind; that "
        "training again with another seed gives other values is not in it.</p>\n",
        comparison.common_queries);
  }
  html += html_section("metrics", "Which is better", measured + sentence_list(comparison.notes));
  if (const auto curves = curves_html(comparison); !curves.empty())
    html += html_section("curves", "Curves", curves);
  html += html_section("pipelines", "Where the pipelines differ", pipelines_html(comparison));
  if (!comparison.queries.empty())
    html += html_section("queries", "Queries over which the runs differ most", queries_html(comparison));
  return html_page("Runs side by side", html);
}

}  // namespace kindred::host
