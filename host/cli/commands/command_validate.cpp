#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/issue.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/series_request.hpp"
#include "host/run/series_plan.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

void check(const CommandLine& command) {
  const auto request = series_request(command);
  const auto catalog = load_catalog(command, series_plugins(request));
  const auto runs = series_runs(request, catalog);
  if (!command.json()) return;
  std::cout << json{{"valid", true}, {"resolved", runs.front().pipeline.resolved}}.dump(2) << "\n";
}

int validate_command(const CommandLine& command) {
  try {
    check(command);
  } catch (const PipelineError& error) {
    if (!command.json()) throw;
    json issues = json::array();
    for (const auto& one : error.issues()) {
      issues.push_back({{"file", one.file}, {"pointer", one.pointer}, {"message", one.message}});
    }
    std::cout << json{{"valid", false}, {"issues", issues}}.dump(2) << "\n";
    return kExitInvalidPipeline;
  }
  if (!command.json()) std::cout << command.list("PIPELINE").front() << " is valid\n";
  return kExitOk;
}

const CommandBody kValidate("validate", &validate_command);

}  // namespace
}  // namespace kindred::host
