#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/report/compare/run_comparison.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {

int compare_command(const CommandLine& command) {
  const auto runs = command.list("RUN");
  if (runs.size() < 2)
    throw UsageError("host compare needs two runs or more, and " + runs.front() +
                     " is one; `host runs` lists the others");
  const auto comparison = compare_runs(runs);
  if (command.has("html"))
    write_file_atomically(command.get<std::string>("html"), run_comparison_page(comparison));
  if (command.json())
    std::cout << json_text(run_comparison_json(comparison), 2) << "\n";
  else
    std::cout << run_comparison_text(comparison);
  return kExitOk;
}

const CommandBody kCompare("compare", &compare_command);

}  // namespace
}  // namespace kindred::host
