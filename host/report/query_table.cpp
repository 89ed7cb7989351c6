#include "host/report/query_table.hpp"

#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>

#include "host/report/csv_records.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostRank = 100;  // what a file can make this read

/// False where the text is no number, or goes on behind one.
template <class Number>
bool read_number(const std::string& text, Number& number) {
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

/// Puts the cells of one column where they belong. Returns false for a cell that is not what stands there.
using Column = std::function<bool(const std::string& cell)>;

Column texts_into(std::vector<std::string>& texts) {
  return [&texts](const std::string& cell) {
    texts.push_back(cell);
    return true;
  };
}

Column numbers_into(std::vector<double>& numbers) {
  return [&numbers](const std::string& cell) {
    numbers.push_back(kNaN);
    return cell.empty() || read_number(cell, numbers.back());
  };
}

Column labels_into(std::vector<int64_t>& labels) {
  return [&labels](const std::string& cell) {
    labels.push_back(0);
    return read_number(cell, labels.back());
  };
}

/// A column that a later version may have added.
Column ignored() {
  return [](const std::string&) { return true; };
}

/// What stands behind the dot of "base.r_precision", where the word before it is `side`; else "".
std::string behind(const std::string& column, const std::string& side) {
  return column.rfind(side + ".", 0) == 0 ? column.substr(side.size() + 1) : std::string();
}

/// The rank of the neighbour that a column such as distance_4 is of; 0 where it is of none.
size_t rank_of(const std::string& name) {
  const auto line = name.rfind('_');
  if (line == std::string::npos) return 0;
  const auto word = name.substr(0, line);
  size_t rank = 0;
  const bool is_one = word == "neighbour" || word == "class" || word == "distance";
  return is_one && read_number(name.substr(line + 1), rank) && rank <= kMostRank ? rank : 0;
}

/// Where a side has what is in the file.
struct Side {
  std::vector<QueryMetric>& metrics;
  NearestNeighbours& nearest;
  std::vector<NearestNeighbours>& further;
};

Column column_of_side(const std::string& name, const Side& side) {
  if (const auto rank = rank_of(name); rank > 0) {
    if (rank > side.further.size() + 1) side.further.resize(rank - 1);
    const auto kind = name.front();
    // The vector still grows, so that the neighbour is looked up when a cell comes.
    return [side, rank, kind](const std::string& cell) {
      auto& neighbours = rank == 1 ? side.nearest : side.further[rank - 2];
      if (kind == 'n') return texts_into(neighbours.samples)(cell);
      if (kind == 'c') return texts_into(neighbours.classes)(cell);
      return numbers_into(neighbours.distances)(cell);
    };
  }
  auto& metrics = side.metrics;
  metrics.push_back({name, {}});
  const auto place = metrics.size() - 1;  // the vector of metrics still grows
  return [&metrics, place](const std::string& cell) { return numbers_into(metrics[place].values)(cell); };
}

Column column_of(const std::string& name, QueryTable& table) {
  if (name == "sample") return texts_into(table.samples);
  if (name == "label") return labels_into(table.labels);
  if (name == "class") return texts_into(table.classes);
  if (const auto rest = behind(name, "base"); !rest.empty())
    return column_of_side(rest, {table.base, table.base_nearest, table.base_further});
  if (const auto rest = behind(name, "tuned"); !rest.empty())
    return column_of_side(rest, {table.tuned, table.tuned_nearest, table.tuned_further});
  return ignored();
}

}  // namespace

const QueryMetric* QueryTable::find(const std::vector<QueryMetric>& side, const std::string& metric) {
  for (const auto& one : side) {
    if (one.name == metric) return &one;
  }
  return nullptr;
}

QueryTable read_query_table(const std::string& run_folder) {
  const auto path = (std::filesystem::path(run_folder) / kQueryFile).string();
  const auto records = csv_records(read_file(path), path);
  if (records.empty()) throw Error(path + " is empty; a run writes a line with the names of its columns");
  const auto& names = records.front().cells;
  QueryTable table;
  std::vector<Column> columns;
  for (const auto& name : names) columns.push_back(column_of(name, table));
  for (size_t i = 1; i < records.size(); ++i) {
    const auto& [cells, line] = records[i];
    const auto place = path + ", line " + std::to_string(line) + ": ";
    if (cells.size() != names.size()) {
      throw Error(place + "there are " + std::to_string(cells.size()) +
                  " cells, where the first line names " + std::to_string(names.size()) +
                  " columns; was the file changed or cut off?");
    }
    for (size_t c = 0; c < cells.size(); ++c) {
      if (!columns[c](cells[c]))
        throw Error(place + "the column " + names[c] + " has `" + cells[c] +
                    "`, where a number should stand");
    }
  }
  const auto count = records.size() - 1;
  if (table.samples.size() != count || table.labels.size() != count || table.classes.size() != count)
    throw Error(path + ": one of the columns sample, label and class is missing or there twice");
  return table;
}

}  // namespace kindred::host
