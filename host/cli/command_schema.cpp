#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/pipeline_schema.hpp"

namespace kindred::host {

int command_schema(const std::vector<std::string>& arguments) {
  CommandLine command("schema",
                      "Prints the JSON Schema (draft 2020-12) of pipeline files with all components found.",
                      "host schema > pipeline.schema.json");
  if (!command.parse(arguments)) return kExitOk;
  std::cout << pipeline_schema(load_catalog(command)).dump(2) << "\n";
  return kExitOk;
}

}  // namespace kindred::host
