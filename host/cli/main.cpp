#include <iostream>
#include <string>
#include <vector>

#include "host/base/exit_code.hpp"
#include "host/base/running_call.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/command_table.hpp"
#include "host/cli/guarded.hpp"
#include "host/cli/library_command.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

void print_usage(std::ostream& out) {
  out << "Kindred " KINDRED_SDK_VERSION
         ": similarity learning from a JSON pipeline\n\nusage: host COMMAND ...\n\n";
  for (const auto& command : CommandTable()) {
    const std::string name = command.name;
    out << "  " << name << std::string(12 - name.size(), ' ') << command.summary << "\n";
  }
  out << "\n`host COMMAND --help` says more.\n";
}

/// A command of the program may have an action that computes.
CommandLibrary library_of(const Command& command, const CommandLine& line) {
  if (command.engine_action == nullptr) return command.library;
  const auto given = line.list(*command.arguments.names.begin());
  return !given.empty() && given.front() == command.engine_action ? CommandLibrary::engine : command.library;
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_usage(std::cerr);
    return kExitUsage;
  }
  const auto& name = arguments.front();
  const bool asks = name == "help" && arguments.size() > 1;  // `host help run` is `host run --help`
  if (asks && arguments[1].rfind('-', 0) != 0) return dispatch({arguments[1], "--help"});
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return kExitOk;
  }
  if (name == "--version") {
    std::cout << "kindred " KINDRED_SDK_VERSION "\n";
    return kExitOk;
  }
  const auto* command = find_command(name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const auto& one : CommandTable()) names.emplace_back(one.name);
    const auto close = closest_name(name, names);
    throw UsageError("there is no command `" + name + "`" +
                     (close.empty() ? "" : "; did you mean `" + close + "`?") + "; `host --help` lists them");
  }
  CommandLine line(*command);
  if (!line.parse({arguments.begin() + 1, arguments.end()})) return kExitOk;
  const auto library = library_of(*command, line);
  if (library != CommandLibrary::program) return run_library_command(library, arguments);
  install_crash_report();
  return CommandBody::run(line);
}

}  // namespace
}  // namespace kindred::host

int main(int argc, char** argv) {
  return kindred::host::guarded([&] { return kindred::host::dispatch({argv + 1, argv + argc}); });
}
