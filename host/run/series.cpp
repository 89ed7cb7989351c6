#include "host/run/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "host/base/interrupt.hpp"
#include "host/pipeline/document.hpp"
#include "host/report/series_table.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/run.hpp"
#include "host/run/run_folder.hpp"
#include "host/run/series_results.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kResults = "results.json";

json results_of(const std::string& folder) {
  const auto path = (fs::path(folder) / kResults).string();
  auto results = json::parse(read_file(path), nullptr, false);
  const auto is_run = [](const json& run) {
    return run.is_object() && run.value("folder", json()).is_string() &&
           run.value("status", json()).is_string();
  };
  const auto runs = results.is_object() ? results.value("runs", json()) : json();
  if (!runs.is_array() || runs.empty() || !std::all_of(runs.begin(), runs.end(), is_run)) {
    throw Error(path + " is not what a series of runs writes; begin a new series");
  }
  return results;
}

/// What result.json of a run says; {} where the run came to none.
json left_result(const std::string& folder) {
  const auto path = (fs::path(folder) / "result.json").string();
  if (!fs::exists(path)) return json::object();
  auto result = json::parse(read_file(path), nullptr, false);
  return result.is_object() ? result : json::object();
}

/// One execution of what is left of a series.
class Series {
 public:
  Series(std::string folder, const Catalog& catalog, Context& context, const SeriesSurroundings& surroundings)
      : folder_(std::move(folder)),
        catalog_(catalog),
        context_(context),
        surroundings_(surroundings),
        results_(results_of(folder_)) {}

  SeriesOutcome execute() {
    auto& runs = results_["runs"];
    size_t number = 0;
    bool changed = false;
    for (auto& run : runs) {
      ++number;
      if (run["status"] == "completed") continue;
      if (context_.interrupted()) return end("interrupted");
      changed = true;
      context_.info(fmt::format("run {} of {}: {}", number, runs.size(), run["folder"].get<std::string>()));
      const bool interrupted = !execute(run);
      write("unfinished");
      if (interrupted) return end("interrupted");
    }
    if (!changed) {
      context_.info(fmt::format("every run of {} is completed already; nothing was changed", folder_));
      return outcome();
    }
    const bool failed =
        std::any_of(runs.begin(), runs.end(), [](const json& run) { return run["status"] == "failed"; });
    return end(failed ? "failed" : "completed");
  }

 private:
  /// Returns false when the run was interrupted.
  bool execute(json& run) {
    const auto folder = (fs::path(folder_) / run["folder"].get<std::string>()).string();
    run.erase("error");
    run.erase("warnings");
    try {
      const auto context = surroundings_.context_of_run();
      const auto pipeline = checked_pipeline(document_of_run(folder, {}), catalog_);
      const auto outcome = run_pipeline(pipeline, catalog_, {folder, true, surroundings_.warnings}, *context);
      note_result(run, outcome.result);
      return !outcome.interrupted;
    } catch (const Interrupted& stop) {
      run["status"] = "interrupted";
      return false;
    } catch (const std::exception& error) {
      run["status"] = "failed";
      run["error"] = error.what();
      note_warnings(run, left_result(folder));
      context_.warning(fmt::format("{} failed: {}", folder, error.what()));
      return true;
    }
  }

  void write(const char* status) {
    results_["status"] = status;
    summarize_series(results_);
    write_file_atomically((fs::path(folder_) / kResults).string(), json_text(results_, 2) + "\n");
    write_file_atomically((fs::path(folder_) / "table.txt").string(), series_table(results_));
  }

  SeriesOutcome end(const char* status) {
    write(status);
    if (results_["status"] == "interrupted") {
      context_.warning(fmt::format("the series was interrupted; continue with --resume {}", folder_));
    } else {
      context_.info(fmt::format("wrote {}", (fs::path(folder_) / kResults).string()));
    }
    return outcome();
  }

  SeriesOutcome outcome() const {
    return {results_, series_table(results_, surroundings_.warnings), results_["status"] == "interrupted",
            results_["status"] == "failed"};
  }

  const std::string folder_;
  const Catalog& catalog_;
  Context& context_;
  const SeriesSurroundings& surroundings_;
  json results_;
};

}  // namespace

std::string create_series(const std::vector<SeriesRun>& runs, const std::string& folder,
                          const Catalog& catalog) {
  const auto created = create_run_folder(runs.front().pipeline, folder);
  json results = {{"kindred", 1}, {"status", "unfinished"}, {"runs", json::array()}};
  for (const auto& run : runs) {
    const auto place = create_run_folder(run.pipeline, (fs::path(created) / run.folder).string());
    write_file_atomically((fs::path(place) / "pipeline.json").string(),
                          json_text(resolved_pipeline(run.pipeline, catalog), 2) + "\n");
    results["runs"].push_back({{"folder", run.folder},
                               {"variant", run.variant},
                               {"settings", run.settings},
                               {"status", "waiting"}});
  }
  summarize_series(results);
  write_file_atomically((fs::path(created) / kResults).string(), json_text(results, 2) + "\n");
  return created;
}

bool holds_series(const std::string& folder) { return fs::exists(fs::path(folder) / kResults); }

std::vector<std::string> pipelines_of_series(const std::string& folder) {
  const auto results = results_of(folder);
  std::vector<std::string> files;
  for (const auto& run : results["runs"]) {
    files.push_back((fs::path(folder) / run["folder"].get<std::string>() / "pipeline.json").string());
  }
  return files;
}

SeriesOutcome run_series(const std::string& folder, const Catalog& catalog, Context& context,
                         const SeriesSurroundings& surroundings) {
  return Series(fs::absolute(folder).lexically_normal().string(), catalog, context, surroundings).execute();
}

}  // namespace kindred::host
