#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "appended_file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"

namespace kindred {
namespace {
using nlohmann::json;

/// A line of JSON per epoch, and one at the end.
class JsonlTracker final : public Tracker {
 public:
  struct Params {
    std::string file = "metrics.jsonl";
    static void describe(Schema<Params>& schema) {
      schema.field("file", &Params::file)
          .doc("Where it is written; relative paths start at the run's folder.");
    }
  };

  explicit JsonlTracker(Params params) : params_(std::move(params)) {}

  void start(const TrackedRun& run) override {
    file_ = AppendedFile((std::filesystem::path(run.folder) / params_.file).string());
    std::string kept;
    std::istringstream lines(run.first_epoch > 0 ? file_.content() : std::string());
    for (std::string line; std::getline(lines, line);) {
      const auto value = json::parse(line, nullptr, false);
      if (value.is_object() && value.contains("epoch") &&
          value.value("epoch", int64_t{0}) <= run.first_epoch) {
        kept += line + "\n";
      }
    }
    file_.replace(kept);
  }

  void epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values) override {
    json line = {{"epoch", epoch}, {"steps", steps}};
    append(line, values);
  }

  void finish(const std::string& status, const std::vector<TrackedValue>& values) override {
    json line = {{"status", status}};
    append(line, values);
  }

 private:
  void append(json& line, const std::vector<TrackedValue>& values) const {
    for (const auto& one : values)
      line[one.name] = std::isfinite(one.value) ? json(one.value) : json(nullptr);
    file_.append(json_text(line) + "\n");
  }

  Params params_;
  AppendedFile file_;
};

}  // namespace
KINDRED_COMPONENT(Tracker, JsonlTracker, "kindred.jsonl", "1.0.0", "A line of JSON per epoch");
}  // namespace kindred
