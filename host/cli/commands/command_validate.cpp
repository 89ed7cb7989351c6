#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/issue.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/series_request.hpp"
#include "host/run/series_plan.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// What stands in the answer for programs beside what is wrong; it is said on the way, too.
json told(const CommandLine& command, const DataCheck& found) {
  json out = json::object();
  if (!command.has("data")) return out;
  for (const auto* list : {&found.warnings, &found.batch_advice}) {
    for (const auto& text : *list) command.context().warning(text);
  }
  if (!found.summary.is_null()) out["data"] = found.summary;
  return out;
}

void print(json out, const json& more, const CommandLine& command) {
  out.update(more);
  out["warnings"] = command.warnings();
  std::cout << json_text(out, 2) << "\n";
}

int validate_command(const CommandLine& command) {
  const auto file = command.list("PIPELINE").front();
  DataCheck found;
  try {
    const auto request = series_request(command);
    const auto catalog = load_catalog(command, series_plugins(request));
    const auto look = command.has("data") ? DataLook::always : DataLook::never;
    const auto runs = series_runs(request, catalog, look, &found);
    for (const auto& run : runs) tell_notes(run.pipeline, command.context());
    const auto more = told(command, found);
    if (command.json()) {
      print({{"valid", true}, {"resolved", runs.front().pipeline.resolved}}, more, command);
    } else {
      if (!found.summary.is_null()) std::cout << summary_text(found.summary) << "\n";
      std::cout << shown(file) << " is valid\n";
    }
  } catch (const PipelineError& error) {
    const auto more = told(command, found);
    if (!command.json()) throw;
    json issues = json::array();
    for (const auto& one : error.issues()) {
      issues.push_back({{"file", one.file}, {"pointer", one.pointer}, {"message", one.message}});
    }
    print({{"valid", false}, {"issues", issues}}, more, command);
    return kExitInvalidPipeline;
  }
  return kExitOk;
}

const CommandBody kValidate("validate", &validate_command);

}  // namespace
}  // namespace kindred::host
