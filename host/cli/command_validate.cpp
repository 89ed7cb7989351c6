#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/engine/checked_pipeline.hpp"
#include "host/pipeline/issue.hpp"
#include "host/pipeline/validator.hpp"
#include "host/support/exit_code.hpp"

namespace kindred::host {
namespace po = boost::program_options;
using nlohmann::json;
namespace {

void check(const CommandLine& command) {
  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  if (command.json()) std::cout << json{{"valid", true}, {"resolved", pipeline.resolved}}.dump(2) << "\n";
}

}  // namespace

int command_validate(const std::vector<std::string>& arguments) {
  CommandLine command(
      "validate PIPELINE [--set KEY=VALUE ...]",
      "Checks a pipeline file: every problem with its place, what was expected and a suggestion.",
      "host validate datasets/toy_cars/pipeline.json");
  command.positional({"PIPELINE"}, 1);
  command.add()("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
                "override a value, for example train.epochs=5; may repeat");
  if (!command.parse(arguments)) return kExitOk;
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

}  // namespace kindred::host
