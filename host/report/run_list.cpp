#include "host/report/run_list.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// Notes the size of a file or folder, and of all that lies in it.
void add_size(const fs::path& path, uintmax_t& bytes) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;  // it was removed meanwhile
  bytes += static_cast<uintmax_t>(status.st_blocks) * 512;
  if (!S_ISDIR(status.st_mode)) return;
  std::error_code unreadable;
  for (const auto& one : fs::directory_iterator(path, unreadable)) add_size(one.path(), bytes);
}

int64_t time_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_mtime) : 0;
}

/// What is known of a run of a series that has not begun.
FinishedRun waiting_run(const std::string& path) {
  FinishedRun run;
  run.path = path;
  run.status = "waiting";
  run.pipeline = parse_json(read_file((fs::path(path) / "pipeline.json").string()));
  run.result = json::object();
  if (!run.pipeline.is_object()) throw Error(path + "/pipeline.json is no JSON object");
  run.name = text_of(run.pipeline, "/name");
  return run;
}

ListedRun listed(const fs::path& folder, const std::string& series, bool is_waiting) {
  ListedRun found;
  const auto path = folder.string();
  try {
    found.run = is_waiting ? waiting_run(path) : read_run(path);
  } catch (const std::exception& error) {
    found.run = {};
    found.run.path = path;
    found.run.status = "damaged";
    found.fault = error.what();
  }
  found.series = series;
  add_size(folder, found.bytes);
  for (const auto* file : {"pipeline.json", kRunLog, "result.json"})
    found.written = std::max(found.written, time_of(folder / file));
  return found;
}

class Search {
 public:
  void look_into(const fs::path& folder, std::string series) {
    if (fs::is_regular_file(folder / kSeriesResults)) series = folder.string();
    const bool is_run = is_run_folder(folder.string());
    const bool waits = !is_run && !series.empty() && fs::is_regular_file(folder / "pipeline.json");
    if (is_run || waits) found.push_back(listed(folder, series, waits));
    for (const auto& below : folders_in(folder)) {
      const auto name = below.filename();
      // A run's own folders hold no other run, and may hold many files.
      if ((is_run || waits) && (name == "model" || name == "checkpoints")) continue;
      look_into(below, series);
    }
  }

  std::vector<ListedRun> found;

 private:
  /// One that may not be read is passed by: nothing can be said of it.
  static std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> all;
    std::error_code unreadable;
    for (const auto& one : fs::directory_iterator(folder, unreadable)) {
      if (fs::is_directory(one.symlink_status(unreadable))) all.push_back(one.path());
    }
    return all;
  }
};

/// "kindred.precision_at_k" -> "precision_at_", with which the name of such a metric begins.
std::string stem_of(const json& spec) {
  auto stem = text_of(spec, "/type");
  stem.erase(0, stem.rfind('.') == std::string::npos ? 0 : stem.rfind('.') + 1);
  if (stem.size() > 2 && stem.compare(stem.size() - 2, 2, "_k") == 0) stem.pop_back();
  return stem;
}

}  // namespace

std::vector<ListedRun> find_runs(const std::string& folder) {
  if (!fs::is_directory(folder)) {
    throw Error("there is no folder " + folder +
                "; name the folder that the runs lie in, which pipelines call output.directory");
  }
  Search search;
  search.look_into(folder, "");
  auto found = std::move(search.found);
  std::sort(found.begin(), found.end(), [](const ListedRun& a, const ListedRun& b) {
    return std::tie(a.written, a.run.path) < std::tie(b.written, b.run.path);
  });
  return found;
}

std::string first_metric(const FinishedRun& run) {
  const auto metrics = part_of(run.result, "/metrics/tuned");
  const auto named = part_of(run.pipeline, "/evaluate/metrics");
  for (const auto& spec : named) {
    const auto stem = stem_of(spec);
    for (const auto& [name, value] : metrics.items()) {
      if (!stem.empty() && name.rfind(stem, 0) == 0) return name;
    }
  }
  return metrics.is_object() && !metrics.empty() ? metrics.begin().key() : std::string();
}

}  // namespace kindred::host
