#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/validator.hpp"
#include "host/report/tables.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/evaluate_model.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

int evaluate_command(const CommandLine& command) {
  if (!command.has("model")) throw UsageError("--model DIR is missing; it is the folder model/ of a run");

  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  auto result = evaluate_model(pipeline, catalog, command.get<std::string>("model"), command.context());
  result["warnings"] = command.warnings();
  if (command.has("output")) write_file_atomically(command.get<std::string>("output"), result.dump(2) + "\n");
  if (command.json())
    std::cout << result.dump(2) << "\n";
  else
    std::cout << metrics_table(result["metrics"]);
  return kExitOk;
}

const CommandBody kEvaluate("evaluate", &evaluate_command);

}  // namespace
}  // namespace kindred::host
