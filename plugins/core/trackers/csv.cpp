#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "appended_file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"

namespace kindred {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

/// The shortest text that reads back as the same number; empty where it is undefined.
std::string number_text(double value) {
  return std::isfinite(value) ? json_text(nlohmann::json(value)) : std::string();
}

/// A table with a row per epoch: epoch, steps and a column per value. A value that comes up later gets a
/// column then, for which the file is written anew.
class CsvTracker final : public Tracker {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CSVLogger", "RecordKeeper"};
  struct Params {
    std::string file = "metrics.csv";
    static void describe(Schema<Params>& schema) {
      schema.field("file", &Params::file)
          .doc("Where it is written; relative paths start at the run's folder.");
    }
  };

  explicit CsvTracker(Params params) : params_(std::move(params)) {}

  void start(const TrackedRun& run) override {
    file_ = AppendedFile((std::filesystem::path(run.folder) / params_.file).string());
    if (run.first_epoch > 0) read_until(run.first_epoch);
    file_.replace(whole());
  }

  void epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values) override {
    std::map<std::string, std::string> row = {{"epoch", std::to_string(epoch)},
                                              {"steps", std::to_string(steps)}};
    bool grew = false;
    for (const auto& one : values) {
      row[one.name] = number_text(one.value);
      if (std::find(columns_.begin(), columns_.end(), one.name) != columns_.end()) continue;
      columns_.push_back(one.name);
      grew = true;
    }
    rows_.push_back(row);
    if (grew) {
      file_.replace(whole());
    } else {
      file_.append(line_of(row));
    }
  }

  void finish(const std::string&, const std::vector<TrackedValue>&) override {}

 private:
  void read_until(int64_t epoch) {
    std::istringstream lines(file_.content());
    std::string line;
    if (!std::getline(lines, line)) return;
    columns_ = cells_of(line);
    while (std::getline(lines, line)) {
      const auto cells = cells_of(line);
      std::map<std::string, std::string> row;
      for (size_t i = 0; i < std::min(cells.size(), columns_.size()); ++i) row[columns_[i]] = cells[i];
      const auto number = std::strtoll(row["epoch"].c_str(), nullptr, 10);
      if (number >= 1 && number <= epoch) rows_.push_back(row);
    }
  }

  std::string line_of(const std::map<std::string, std::string>& row) const {
    std::string line;
    for (const auto& column : columns_) {
      const auto cell = row.find(column);
      line += (line.empty() ? "" : ",") + (cell == row.end() ? std::string() : cell->second);
    }
    return line + "\n";
  }

  std::string whole() const {
    std::string text;
    for (const auto& column : columns_) text += (text.empty() ? "" : ",") + column;
    text += "\n";
    for (const auto& row : rows_) text += line_of(row);
    return text;
  }

  Params params_;
  AppendedFile file_;
  std::vector<std::string> columns_ = {"epoch", "steps"};
  std::vector<std::map<std::string, std::string>> rows_;
};

}  // namespace
KINDRED_COMPONENT(Tracker, CsvTracker, "kindred.csv", "1.0.0", "A table with a row per epoch");
}  // namespace kindred
