#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/issue.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

void check(const CommandLine& command) {
  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  tell_notes(pipeline, command.context());
  if (command.json()) {
    const json out = {{"valid", true}, {"warnings", pipeline.warnings}, {"resolved", pipeline.resolved}};
    std::cout << json_text(out, 2) << "\n";
  }
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
    std::cout << json_text({{"valid", false}, {"issues", issues}}, 2) << "\n";
    return kExitInvalidPipeline;
  }
  if (!command.json()) std::cout << shown(command.list("PIPELINE").front()) << " is valid\n";
  return kExitOk;
}

const CommandBody kValidate("validate", &validate_command);

}  // namespace
}  // namespace kindred::host
