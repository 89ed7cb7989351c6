#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/engine/checked_pipeline.hpp"
#include "host/engine/run.hpp"
#include "host/pipeline/validator.hpp"
#include "host/support/exit_code.hpp"

namespace kindred::host {
namespace po = boost::program_options;

int command_run(const std::vector<std::string>& arguments) {
  CommandLine command(
      "run PIPELINE [--set KEY=VALUE ...] [--output DIR] [--resume DIR]",
      "Trains and measures what a pipeline file says. Leaves a run folder with pipeline.json, log.txt, "
      "history.jsonl,\nresult.json, retrieval.png, checkpoints/ and the servable model/.",
      "host run datasets/toy_cars/pipeline.json --set train.epochs=3");
  command.positional({"PIPELINE"}, 1);
  command.add()("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
                "override a value, for example train.epochs=5; may repeat")(
      "output", po::value<std::string>()->value_name("DIR"),
      "the run's folder, instead of one named by the time")(
      "resume", po::value<std::string>()->value_name("DIR"), "continue an interrupted run in its folder");
  if (!command.parse(arguments)) return kExitOk;
  if (command.has("output") && command.has("resume")) throw UsageError("give --output or --resume, not both");

  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  RunOptions options;
  options.quiet = command.quiet();
  options.resume = command.has("resume");
  if (command.has("output")) options.folder = command.get<std::string>("output");
  if (options.resume) options.folder = command.get<std::string>("resume");
  const auto outcome = run_pipeline(pipeline, catalog, options);
  if (command.json()) {
    std::cout << outcome.result.dump(2) << "\n";
  } else {
    std::cout << outcome.table;
  }
  return outcome.interrupted ? kExitInterrupted : kExitOk;
}

}  // namespace kindred::host
