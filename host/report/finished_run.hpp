#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

/// What a run left in its folder, or has written so far. LibTorch is not needed to read it.
struct FinishedRun {
  std::string path;  ///< of its folder, as it was asked for
  std::string name;  ///< its pipeline's
  /// "completed", "failed" or "interrupted" as result.json says; "running" while a process writes the folder;
  /// "unknown" where there is no result, as a process leaves it that was killed.
  std::string status;
  nlohmann::json pipeline;              ///< pipeline.json: every default is written out
  nlohmann::json result;                ///< result.json; {} where there is none
  std::vector<nlohmann::json> history;  ///< the lines of history.jsonl, one per epoch
  bool has_queries = false;             ///< it has a table of its queries (query_table.hpp)
};

/// What stands at a JSON Pointer of a document, such as "/metrics/tuned"; null where nothing does.
nlohmann::json part_of(const nlohmann::json& document, const char* pointer);

/// The text there; "" where there is none.
std::string text_of(const nlohmann::json& document, const char* pointer);

/// The file whose lock (host/base/file_lock.hpp) says that a process writes the run.
inline constexpr const char* kRunLog = "log.txt";

/// The file that makes a folder one of a series of runs.
inline constexpr const char* kSeriesResults = "results.json";

/// Says whether a folder is one of a run that began. Only names are looked at.
bool is_run_folder(const std::string& path);

/// Reads a run. A last line of its history that is only half written is left out. Throws Error when the
/// folder holds no run, or one of its files cannot be understood.
FinishedRun read_run(const std::string& path);

}  // namespace kindred::host
