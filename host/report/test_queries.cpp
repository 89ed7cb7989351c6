#include "host/report/test_queries.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "host/base/partial_file.hpp"
#include "host/base/text_forms/csv_line.hpp"
#include "host/report/sample_object.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr size_t kWrittenAtOnce = size_t{1} << 20;

/// Metrics that have a value per query.
std::vector<const MetricValue*> metrics_of(const QuerySide& side) {
  std::vector<const MetricValue*> metrics;
  for (const auto& one : side.values.metrics) {
    if (!one.by_query.empty()) metrics.push_back(&one);
  }
  return metrics;
}

std::vector<std::string> header(const std::vector<QuerySide>& sides) {
  std::vector<std::string> names = {"sample", "label", "class"};
  for (const auto& side : sides) {
    for (const auto* metric : metrics_of(side))
      names.push_back(fmt::format("{}.{}", side.name, metric->name));
  }
  for (const auto& side : sides) {
    for (int64_t i = 1; i <= kKeptNeighbours; ++i) {
      for (const auto* what : {"neighbour", "class", "distance"})
        names.push_back(fmt::format("{}.{}_{}", side.name, what, i));
    }
  }
  return names;
}

class QueryLines {
 public:
  QueryLines(const TestQueries& queries, const std::vector<QuerySide>& sides)
      : queries_(queries), sides_(sides), class_names_(queries.dataset.class_names()) {}

  std::string line(int64_t number) const {
    const auto row = queries_.queries.data_ptr<int64_t>()[number];
    const auto place = static_cast<size_t>(queries_.places[static_cast<size_t>(number)]);
    std::vector<std::string> cells = {name(row), std::to_string(label(row)), class_of(row)};
    for (const auto& side : sides_) {
      for (const auto* metric : metrics_of(side)) {
        const double value = metric->by_query.at(place);
        cells.push_back(std::isfinite(value) ? fmt::format("{}", value) : "");
      }
    }
    for (const auto& side : sides_) add_neighbours(side.nearest, number, cells);
    return csv_line(cells);
  }

 private:
  int64_t sample(int64_t row) const { return to_int(queries_.rows[static_cast<size_t>(row)]); }
  int64_t label(int64_t row) const { return queries_.dataset.labels()[static_cast<size_t>(sample(row))]; }
  std::string name(int64_t row) const { return shown(queries_.dataset.sample_name(sample(row))); }
  std::string class_of(int64_t row) const { return shown(class_title(class_names_, label(row))); }
  void add_neighbours(const Neighbours& nearest, int64_t number, std::vector<std::string>& cells) const {
    const int64_t width = nearest.rows.size(1);
    for (int64_t k = 0; k < kKeptNeighbours; ++k) {
      const auto row = k < width ? nearest.rows.data_ptr<int64_t>()[number * width + k] : -1;
      const bool is_there = row >= 0;
      cells.push_back(is_there ? name(row) : "");
      cells.push_back(is_there ? class_of(row) : "");
      cells.push_back(is_there ? fmt::format("{}", nearest.distances.data_ptr<float>()[number * width + k])
                               : "");
    }
  }

  const TestQueries& queries_;
  const std::vector<QuerySide>& sides_;
  const std::vector<std::string> class_names_;
};

}  // namespace

void write_queries(const std::string& path, const TestQueries& queries, const std::vector<QuerySide>& sides) {
  const QueryLines lines(queries, sides);
  PartialFile file(path);
  auto text = csv_line(header(sides));
  for (int64_t i = 0; i < queries.queries.numel(); ++i) {
    text += lines.line(i);
    if (text.size() < kWrittenAtOnce) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.finish();
}

}  // namespace kindred::host
