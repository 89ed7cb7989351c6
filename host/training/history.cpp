#include "host/training/history.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/training/optimizer.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;

History::History(const std::string& folder, const TrainingOptions& options, Trackers* trackers)
    : path_((std::filesystem::path(folder) / "history.jsonl").string()),
      options_(options),
      trackers_(trackers) {}

void History::keep_until(int64_t epochs) const {
  if (!std::filesystem::exists(path_)) return;
  std::ifstream file(path_);
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const auto value = json::parse(line, nullptr, false);
    if (value.is_object() && value.value("epoch", int64_t{0}) <= epochs) kept += line + "\n";
  }
  write_file_atomically(path_, kept);
}

double History::learning_rate(int64_t epoch) const {
  return options_.optimizer.lr * schedule_factor(options_.schedule, epoch, options_.epochs);
}

void History::append(int64_t epoch, const EpochResult& result, double seconds, bool best) const {
  // JSON has no NaN: the library writes it as null.
  json line = {{"epoch", epoch + 1},
               {"train", {{"loss", result.train_loss}, {"seconds", result.step_seconds}}},
               {"validation", json::object()},
               {"learning_rate", learning_rate(epoch)},
               {"seconds", seconds},
               {"best", best}};
  for (const auto& [name, value] : result.validation) line["validation"][name] = value;
  std::ofstream file(path_, std::ios::app);
  file << json_text(line) << '\n';
  if (!file.flush()) throw Error("cannot write " + path_ + "; is the disk full?");
}

void History::track(int64_t epoch, const EpochResult& result, int64_t all_steps) const {
  if (trackers_ == nullptr) return;
  std::vector<TrackedValue> values = {{"train/loss", result.train_loss},
                                      {"learning_rate", learning_rate(epoch)}};
  for (const auto& [name, value] : result.validation) values.push_back({"validation/" + name, value});
  trackers_->epoch(epoch + 1, all_steps, values);
}

}  // namespace kindred::host
