#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/run.hpp"

namespace kindred::host {
namespace {

int run_command(const CommandLine& command) {
  if (command.has("output") && command.has("resume")) throw UsageError("give --output or --resume, not both");

  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  RunOptions options;
  options.warnings = command.warnings();
  options.resume = command.has("resume");
  if (command.has("output")) options.folder = command.get<std::string>("output");
  if (options.resume) options.folder = command.get<std::string>("resume");
  const auto outcome = run_pipeline(pipeline, catalog, options, command.context());
  if (command.json()) {
    std::cout << outcome.result.dump(2) << "\n";
  } else {
    std::cout << outcome.table;
  }
  return outcome.interrupted ? kExitInterrupted : kExitOk;
}

const CommandBody kRun("run", &run_command);

}  // namespace
}  // namespace kindred::host
