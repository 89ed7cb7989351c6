#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/issue.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// What stands in the answer for programs beside what is wrong; it is said on the way, too.
json told(const CommandLine& command, const DataCheck& found) {
  json out = json::object();
  if (!command.has("data")) return out;
  out["warnings"] = json::array();
  for (const auto* list : {&found.warnings, &found.batch_advice}) {
    for (const auto& text : *list) {
      command.context().warning(text);
      out["warnings"].push_back(text);
    }
  }
  if (!found.summary.is_null()) out["data"] = found.summary;
  return out;
}

void print(json out, const json& more) {
  out.update(more);
  std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

int validate_command(const CommandLine& command) {
  const auto file = command.list("PIPELINE").front();
  DataCheck found;
  try {
    const auto document = read_document(file, command.list("set"));
    const auto catalog = load_catalog(command, plugin_folders(document));
    const auto look = command.has("data") ? DataLook::always : DataLook::never;
    const auto pipeline = checked_pipeline(document, catalog, DatasetUse::read, look, &found);
    const auto more = told(command, found);
    if (command.json()) {
      print({{"valid", true}, {"resolved", pipeline.resolved}}, more);
    } else {
      if (!found.summary.is_null()) std::cout << summary_text(found.summary) << "\n";
      std::cout << file << " is valid\n";
    }
  } catch (const PipelineError& error) {
    const auto more = told(command, found);
    if (!command.json()) throw;
    json issues = json::array();
    for (const auto& one : error.issues()) {
      issues.push_back({{"file", one.file}, {"pointer", one.pointer}, {"message", one.message}});
    }
    print({{"valid", false}, {"issues", issues}}, more);
    return kExitInvalidPipeline;
  }
  return kExitOk;
}

const CommandBody kValidate("validate", &validate_command);

}  // namespace
}  // namespace kindred::host
