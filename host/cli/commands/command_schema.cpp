#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/pipeline/pipeline_schema.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {

int schema_command(const CommandLine& command) {
  std::cout << json_text(pipeline_schema(load_catalog(command)), 2) << "\n";
  return kExitOk;
}

const CommandBody kSchema("schema", &schema_command);

}  // namespace
}  // namespace kindred::host
