#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "host/base/exit_code.hpp"
#include "host/base/running_call.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/engine_command_lines.hpp"
#include "host/cli/engine_library.hpp"
#include "host/cli/guarded.hpp"
#include "kindred/params.hpp"
#include "kindred/version.hpp"

namespace kindred::host {
namespace {

struct Command {
  const char* name;
  int (*run)(const std::vector<std::string>&);  ///< null: it computes, so it lives in libkindred_engine.so
  const char* summary;
  CommandLine (*line)() = nullptr;  ///< of one that computes
};

constexpr Command kCommands[] = {
    {"cache", &command_cache, "list, check or remove what runs keep of frozen encoders"},
    {"describe", &command_describe, "parameters of one component, or of all"},
    {"doctor", nullptr, "versions, processor, BLAS, CUDA and plugins", &doctor_command_line},
    {"embed", nullptr, "embeddings of pictures or vectors as a NumPy array", &embed_command_line},
    {"evaluate", nullptr, "measure a model on the test classes of a pipeline", &evaluate_command_line},
    {"inspect", &command_inspect, "what a plugin file says of itself, without loading it"},
    {"list", &command_list, "the components that were found"},
    {"new-plugin", &command_new_plugin, "a project to start a plugin of your own from"},
    {"run", nullptr, "train and measure what a pipeline file says", &run_command_line},
    {"schema", &command_schema, "JSON Schema of pipeline files, for editors"},
    {"validate", nullptr, "check a pipeline file without running it", &validate_command_line},
};

void print_usage(std::ostream& out) {
  out << "Kindred " KINDRED_SDK_VERSION
         ": similarity learning from a JSON pipeline\n\nusage: host COMMAND ...\n\n";
  for (const auto& command : kCommands) {
    const std::string name = command.name;
    out << "  " << name << std::string(12 - name.size(), ' ') << command.summary << "\n";
  }
  out << "\n`host COMMAND --help` says more.\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_usage(std::cerr);
    return kExitUsage;
  }
  const auto& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return kExitOk;
  }
  if (name == "--version") {
    std::cout << "kindred " KINDRED_SDK_VERSION "\n";
    return kExitOk;
  }
  const auto* command = std::find_if(std::begin(kCommands), std::end(kCommands),
                                     [&](const Command& one) { return name == one.name; });
  if (command == std::end(kCommands)) {
    std::vector<std::string> names;
    for (const auto& one : kCommands) names.emplace_back(one.name);
    const auto close = closest_name(name, names);
    throw UsageError("there is no command `" + name + "`" +
                     (close.empty() ? "" : "; did you mean `" + close + "`?") + "; `host --help` lists them");
  }
  const std::vector<std::string> options(arguments.begin() + 1, arguments.end());
  if (command->run == nullptr) {
    if (!command->line().parse(options)) return kExitOk;
    return run_engine_command(arguments);
  }
  install_crash_report();
  return command->run(options);
}

}  // namespace
}  // namespace kindred::host

int main(int argc, char** argv) {
  return kindred::host::guarded([&] { return kindred::host::dispatch({argv + 1, argv + argc}); });
}
