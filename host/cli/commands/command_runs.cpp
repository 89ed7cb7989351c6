#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "host/base/exit_code.hpp"
#include "host/base/size_text.hpp"
#include "host/base/text.hpp"
#include "host/cache/cache_folder.hpp"
#include "host/cli/age_text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/report/pipeline_difference.hpp"
#include "host/report/remove_run.hpp"
#include "host/report/run_list.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kDifferencesShown = 6;

/// A run beside the one before it of the same name.
struct Row {
  const ListedRun* listed;
  const ListedRun* before = nullptr;  ///< null where it is the first of its name
  std::vector<PipelineDifference> differences{};
  std::string metric{};  ///< "" where it was not measured by any, or not by the one that was asked for
};

json metrics_of(const ListedRun& listed, const char* side) {
  return part_of(listed.run.result, (std::string("/metrics/") + side).c_str());
}

std::vector<Row> rows_of(const std::vector<ListedRun>& runs, const std::string& metric) {
  std::vector<Row> rows;
  std::map<std::string, const ListedRun*> latest;
  for (const auto& one : runs) {
    Row row{&one};
    if (one.fault.empty()) {
      auto& before = latest[one.run.name];
      row.before = before;
      if (before != nullptr) {
        row.differences = pipeline_differences({&before->run.pipeline, &one.run.pipeline}, {"/versions"});
      }
      before = &one;
      row.metric = metric.empty() ? first_metric(one.run) : metric;
      if (!metrics_of(one, "tuned").contains(row.metric)) row.metric.clear();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Refuses a metric that no run was measured by, which is a mistyped one.
void check_metric(const std::vector<ListedRun>& runs, const std::string& metric) {
  std::set<std::string> names;
  for (const auto& one : runs) {
    const auto metrics = metrics_of(one, "tuned");
    for (const auto& [name, value] : metrics.items()) names.insert(name);
  }
  if (metric.empty() || names.empty() || names.count(metric) > 0) return;
  throw Error("no run was measured by " + metric +
              "; their metrics are: " + joined({names.begin(), names.end()}));
}

std::string number_cell(const json& value) {
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
}

std::string metric_cell(const Row& row) {
  if (row.metric.empty()) return "-";
  const auto side = [&](const char* name) {
    const auto metrics = metrics_of(*row.listed, name);
    return number_cell(metrics.contains(row.metric) ? metrics[row.metric] : json());
  };
  return fmt::format("{} {} -> {}", row.metric, side("base"), side("tuned"));
}

std::string differences_text(const std::vector<PipelineDifference>& differences) {
  std::vector<std::string> texts;
  for (const auto& one : differences) {
    if (texts.size() == kDifferencesShown) break;
    texts.push_back(fmt::format("{} {} -> {}", shown(one.pointer), difference_text(one.values[0]),
                                difference_text(one.values[1])));
  }
  const auto more = differences.size() - texts.size();
  return joined(texts) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

void print_table(const std::vector<Row>& rows) {
  constexpr int kStatus = 11, kSize = 9, kAge = 8;
  size_t metric_width = 6;
  for (const auto& row : rows) metric_width = std::max(metric_width, metric_cell(row).size());
  const auto line = [&](const std::string& status, const std::string& metric, const std::string& size,
                        const std::string& age, const std::string& run) {
    std::cout << fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>{}}  {}\n", status, kStatus, metric, metric_width,
                             size, kSize, age, kAge, run);
  };
  line("STATUS", "METRIC", "SIZE", "AGE", "RUN");
  for (const auto& row : rows) {
    const auto& one = *row.listed;
    line(one.run.status, metric_cell(row), size_text(one.bytes), age_text(unix_time() - one.written),
         shown(one.run.path));
    const auto below = [&](const std::string& text) {
      if (!text.empty()) std::cout << std::string(kStatus + 2, ' ') << text << "\n";
    };
    below(shown(one.fault));
    const auto error = text_of(one.run.result, "/error");
    below(shown(error.substr(0, error.find('\n'))));
    below(differences_text(row.differences));
  }
}

json to_json(const Row& row) {
  const auto& one = *row.listed;
  json out = {{"path", one.run.path},
              {"name", one.run.name},
              {"status", one.run.status},
              {"bytes", one.bytes},
              {"written", one.written},
              {"series", one.series.empty() ? json() : json(one.series)},
              {"metrics", part_of(one.run.result, "/metrics")},
              {"metric", row.metric.empty() ? json() : json(row.metric)}};
  if (one.run.result.contains("error")) out["error"] = one.run.result["error"];
  if (!one.fault.empty()) out["fault"] = one.fault;
  out["before"] = row.before == nullptr ? json() : json(row.before->run.path);
  out["differences"] = json::array();
  for (const auto& each : row.differences) {
    json difference = {{"pointer", each.pointer}};
    if (each.values[0]) difference["before"] = *each.values[0];
    if (each.values[1]) difference["now"] = *each.values[1];
    out["differences"].push_back(difference);
  }
  return out;
}

int list_runs(const CommandLine& command, const std::string& folder, const std::vector<ListedRun>& runs) {
  const auto metric = command.has("metric") ? command.get<std::string>("metric") : std::string();
  check_metric(runs, metric);
  const auto rows = rows_of(runs, metric);
  uintmax_t bytes = 0;
  json list = json::array();
  for (const auto& row : rows) {
    bytes += row.listed->bytes;
    if (command.json()) list.push_back(to_json(row));
  }
  if (command.json()) {
    std::cout << json_text({{"folder", folder}, {"bytes", bytes}, {"runs", list}}, 2) << "\n";
    return kExitOk;
  }
  if (!rows.empty()) print_table(rows);
  std::cout << fmt::format("{}, {} in {}\n", rows.size() == 1 ? "1 run" : fmt::format("{} runs", rows.size()),
                           size_text(bytes), shown(folder));
  return kExitOk;
}

/// Why a run that failed is not even tried to be removed; "" where it is.
std::string kept_for(const ListedRun& one, const std::string& folder) {
  if (one.run.path == folder) return "it is DIR itself; name the folder that it lies in";
  if (one.series.empty()) return "";
  return "it is one of the series " + one.series + ", which `host run --resume " + one.series + "` continues";
}

int prune_runs(const CommandLine& command, const std::string& folder, const std::vector<ListedRun>& runs) {
  const bool dry_run = command.has("dry-run");
  json removed = json::array(), left = json::array();
  uintmax_t bytes = 0;
  bool failed = false;
  for (const auto& one : runs) {
    if (one.run.status != "failed") continue;
    RunRemoval done{kept_for(one, folder)};
    if (done.left.empty()) done = remove_failed_run(one.run.path, dry_run);
    failed = failed || done.failed;
    if (done.left.empty()) {
      bytes += one.bytes;
      removed.push_back(one.run.path);
    } else {
      left.push_back({{"path", one.run.path}, {"reason", done.left}});
    }
    if (command.json()) continue;
    const auto what = done.left.empty() ? (dry_run ? "would be removed" : "removed") : "left: " + done.left;
    std::cout << shown(one.run.path) << "  " << shown(what) << "\n";
  }
  if (command.json()) {
    std::cout << json_text({{"folder", folder},
                            {"dry_run", dry_run},
                            {"bytes", bytes},
                            {"removed", removed},
                            {"left", left}},
                           2)
              << "\n";
  } else {
    std::cout << fmt::format("{} of {} in {} {}, {}\n", removed.size(),
                             runs.size() == 1 ? "1 run" : fmt::format("{} runs", runs.size()), shown(folder),
                             dry_run ? "would be removed" : "removed", size_text(bytes));
  }
  return failed ? kExitRunFailed : kExitOk;
}

int runs_command(const CommandLine& command) {
  if (command.has("dry-run") && !command.has("prune"))
    throw UsageError("--dry-run says what --prune would remove; give both");
  if (command.has("metric") && command.has("prune"))
    throw UsageError("--metric says what is listed, and --prune lists nothing; give one of them");
  const auto given = command.list("DIR");
  const auto folder = given.empty() ? std::string("runs") : given.front();
  const auto runs = find_runs(folder);
  return command.has("prune") ? prune_runs(command, folder, runs) : list_runs(command, folder, runs);
}

const CommandBody kRuns("runs", &runs_command);

}  // namespace
}  // namespace kindred::host
