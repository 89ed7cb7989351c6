#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/base/terminal_context.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/series_request.hpp"
#include "host/distributed/group.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/run.hpp"
#include "host/run/run_folder.hpp"
#include "host/run/series.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {

void print(const CommandLine& command, const nlohmann::json& result, const std::string& table) {
  if (command.json()) {
    std::cout << json_text(result, 2) << "\n";
  } else {
    std::cout << table;
  }
}

/// Which of several processes this is that train together; nothing where it is alone.
std::optional<GroupMember> member_of(const CommandLine& command) {
  GroupRequest request;
  if (command.has("rank")) request.rank = command.get<int64_t>("rank");
  if (command.has("world-size")) request.size = command.get<int64_t>("world-size");
  if (command.has("master")) request.master = command.get<std::string>("master");
  return group_member(request, [](const char* name) { return std::getenv(name); });
}

void refuse_series_of_group(const CommandLine& command) {
  if (!member_of(command)) return;
  throw UsageError(
      "a series of runs is made by one process, and several were begun that train together; begin one, or "
      "give each "
      "run a group of its own");
}

int make_series(const CommandLine& command, const Catalog& catalog, const std::string& folder) {
  const auto context_of_run = [&] { return std::make_unique<TerminalContext>(command.has("quiet")); };
  const auto outcome = run_series(folder, catalog, command.context(), {command.warnings(), context_of_run});
  print(command, outcome.results, outcome.table);
  return outcome.interrupted ? kExitInterrupted : outcome.failed ? kExitRunFailed : kExitOk;
}

int resume_series(const CommandLine& command, const std::string& folder) {
  refuse_series_of_group(command);
  for (const auto* option : {"PIPELINE", "set", "seeds", "grid"}) {
    if (!command.has(option)) continue;
    throw UsageError(folder + " holds a series of runs, which goes on as it was begun: host run --resume " +
                     folder);
  }
  std::vector<std::string> plugins;
  for (const auto& file : pipelines_of_series(folder)) {
    for (const auto& one : plugin_folders(read_document(file, {}))) {
      if (std::find(plugins.begin(), plugins.end(), one) == plugins.end()) plugins.push_back(one);
    }
  }
  return make_series(command, load_catalog(command, plugins), folder);
}

bool holds_run(const std::string& folder) {
  return !folder.empty() && std::filesystem::exists(std::filesystem::path(folder) / "pipeline.json");
}

/// A launcher that begins its processes again means that they go on with the run which they had begun.
void go_on_after_restart(Group& group, RunOptions& options) {
  if (options.resume) return;
  const auto& member = group.member();
  bool goes_on = false;
  if (member.rank == 0 && member.restart > 0) {
    const auto kept = group.kept(kKeptFolder);
    // A launcher that keeps a store keeps what was begun in it, so that another run is none to go on with.
    if (!kept.empty()) options.folder = kept;
    goes_on = !kept.empty() || (!member.has_store && holds_run(options.folder));
  }
  options.resume = group.communicator().any(goes_on);
}

int make_run(const CommandLine& command, const Catalog& catalog, const Pipeline& pipeline,
             const std::string& folder, bool resume) {
  RunOptions options{folder, resume, command.warnings()};
  std::unique_ptr<Group> group;
  if (const auto member = member_of(command)) {
    group = join_group(*member, resolved_pipeline(pipeline, catalog), command.context());
    options.group = group.get();
    go_on_after_restart(*group, options);
  }
  const auto outcome = run_pipeline(pipeline, catalog, options, command.context());
  if (group == nullptr || group->member().rank == 0) print(command, outcome.result, outcome.table);
  return outcome.interrupted ? kExitInterrupted : kExitOk;
}

int resume(const CommandLine& command, const std::string& folder) {
  if (holds_series(folder)) return resume_series(command, folder);
  if (command.has("seeds") || command.has("grid")) {
    throw UsageError(folder + " is the folder of one run; --seeds and --grid begin a series of runs");
  }
  const auto settings = command.list("set");
  const auto document = command.has("PIPELINE") ? read_document(command.list("PIPELINE").front(), settings)
                                                : document_of_run(folder, settings);
  const auto catalog = load_catalog(command, plugin_folders(document));
  return make_run(command, catalog, checked_pipeline(document, catalog), folder, true);
}

int run_command(const CommandLine& command) {
  if (command.has("output") && command.has("resume")) throw UsageError("give --output or --resume, not both");
  if (command.has("resume")) return resume(command, command.get<std::string>("resume"));
  if (!command.has("PIPELINE")) {
    throw UsageError("PIPELINE is missing; usage: host " + std::string(command.command().usage));
  }
  const auto request = series_request(command);
  const auto catalog = load_catalog(command, series_plugins(request));
  const auto runs = series_runs(request, catalog, DataLook::when_wrong);
  const auto folder = command.has("output") ? command.get<std::string>("output") : std::string();
  // What has no setting of its own is one run, whose folder is that of no series.
  if (runs.front().settings.empty()) return make_run(command, catalog, runs.front().pipeline, folder, false);
  refuse_series_of_group(command);
  return make_series(command, catalog, create_series(runs, folder, catalog));
}

const CommandBody kRun("run", &run_command);

}  // namespace
}  // namespace kindred::host
