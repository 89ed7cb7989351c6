#include "host/report/remove_run.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "host/base/file_lock.hpp"
#include "host/report/finished_run.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// What says that the folder is a run's goes last, so that a removal that was stopped can be repeated.
constexpr const char* kLast[] = {kRunLog, "result.json", "pipeline.json"};

/// All that may lie in the folder of a run: what `host run` writes, and what its trackers do, whose
/// parameters say where.
std::set<std::string> written_names(const FinishedRun& run) {
  std::set<std::string> names = {"checkpoints", "history.jsonl", "log.txt",      "map.json",
                                 "model",       "pipeline.json", "queries.csv",  "report.html",
                                 "result.json", "retrieval.png", "retrieval.txt"};
  const auto trackers = part_of(run.pipeline, "/output/trackers");
  for (const auto& tracker : trackers) {
    if (!tracker.is_object()) continue;
    const auto type = text_of(tracker, "/type");  // where a tracker notes what a resumed run needs
    names.insert(type.substr(type.rfind('.') + 1) + ".json");
    for (const auto& [key, value] : tracker.items()) {
      if (key == "type" || !value.is_string() || value.get<std::string>().empty()) continue;
      const auto path = fs::path(value.get<std::string>()).lexically_normal();
      if (path.is_relative()) names.insert(path.begin()->string());
    }
  }
  return names;
}

/// "result.json.partial" and "result.json.a8Xk2q" are what is left of a file that was being written.
bool is_written(const std::string& file, const std::set<std::string>& names) {
  if (names.count(file) > 0) return true;
  const auto dot = file.rfind('.');
  if (dot == std::string::npos || names.count(file.substr(0, dot)) == 0) return false;
  return file.substr(dot) == ".partial" || file.size() - dot == sizeof(".XXXXXX") - 1;
}

/// What removes the run, or why it stays.
RunRemoval remove_known(const std::string& path, bool dry_run) {
  if (!fs::is_directory(fs::symlink_status(path))) return {"it is no folder, or a link to one", false};
  if (!is_run_folder(path)) return {"it is not the folder of a run", false};
  const auto log = (fs::path(path) / kRunLog).string();
  if (FileLock::is_held(log)) return {"a process writes it now", false};
  std::optional<FileLock> lock;
  if (!dry_run && fs::exists(log)) {
    lock = FileLock::try_take(log);
    if (!lock) return {"a process writes it now", false};
  }
  const auto run = read_run(path);  // with the lock: what was listed may have been continued
  if (text_of(run.result, "/status") != "failed") return {"it has not failed", false};
  const auto names = written_names(run);
  std::vector<fs::path> files;
  for (const auto& one : fs::directory_iterator(path)) {
    const auto name = one.path().filename().string();
    if (!is_written(name, names)) return {"it holds " + name + ", which no run writes", false};
    if (std::find(std::begin(kLast), std::end(kLast), name) == std::end(kLast)) files.push_back(one.path());
  }
  if (dry_run) return {};
  for (const auto* name : kLast) files.push_back(fs::path(path) / name);
  for (const auto& file : files) fs::remove_all(file);
  fs::remove(path);
  return {};
}

}  // namespace

RunRemoval remove_failed_run(const std::string& path, bool dry_run) {
  try {
    return remove_known(path, dry_run);
  } catch (const fs::filesystem_error& error) {
    return {"cannot remove " + error.path1().string() + ": " + error.code().message(), true};
  } catch (const std::exception& error) {
    return {error.what(), true};
  }
}

}  // namespace kindred::host
