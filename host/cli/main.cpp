#include <c10/util/Exception.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/pipeline/issue.hpp"
#include "host/support/exit_code.hpp"
#include "host/support/interrupt.hpp"
#include "host/support/memory.hpp"
#include "kindred/build_tag.hpp"
#include "kindred/error.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

struct Command {
  int (*run)(const std::vector<std::string>&);
  const char* summary;
};

const std::map<std::string, Command>& commands() {
  static const std::map<std::string, Command> table = {
      {"run", {&command_run, "train and measure what a pipeline file says"}},
      {"validate", {&command_validate, "check a pipeline file without running it"}},
      {"evaluate", {&command_evaluate, "measure a model on the test classes of a pipeline"}},
      {"embed", {&command_embed, "embeddings of pictures or vectors as a NumPy array"}},
      {"list", {&command_list, "the components that were found"}},
      {"describe", {&command_describe, "parameters of a component"}},
      {"schema", {&command_schema, "JSON Schema of pipeline files, for editors"}},
      {"inspect", {&command_inspect, "what a plugin file says of itself, without loading it"}},
      {"new-plugin", {&command_new_plugin, "a project to start a plugin of your own from"}},
      {"doctor", {&command_doctor, "versions, processor, BLAS, CUDA and plugins"}},
  };
  return table;
}

void print_usage(std::ostream& out) {
  out << "Kindred " KINDRED_SDK_VERSION
         ": similarity learning from a JSON pipeline\n\nusage: host COMMAND ...\n\n";
  for (const auto& [name, command] : commands()) {
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
  const auto it = commands().find(name);
  if (it == commands().end()) {
    std::vector<std::string> names;
    for (const auto& [known, unused] : commands()) names.push_back(known);
    const auto close = closest_name(name, names);
    throw UsageError("there is no command `" + name + "`" +
                     (close.empty() ? "" : "; did you mean `" + close + "`?") + "; `host --help` lists them");
  }
  return it->second.run({arguments.begin() + 1, arguments.end()});
}

int failed(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return code;
}

/// Every failure ends here as one message and an exit code.
int guarded_main(const std::vector<std::string>& arguments) {
  try {
    return dispatch(arguments);
  } catch (const UsageError& error) {
    return failed(kExitUsage, error.what());
  } catch (const PipelineError& error) {
    for (const auto& issue : error.issues()) failed(kExitInvalidPipeline, issue_text(issue));
    return kExitInvalidPipeline;
  } catch (const PluginError& error) {
    return failed(kExitPlugin, error.what());
  } catch (const Interrupted& error) {
    std::fprintf(stderr, "interrupted: %s\n", error.what());
    return kExitInterrupted;
  } catch (const c10::Error& error) {
    return failed(kExitRunFailed, error.what_without_backtrace());
  } catch (const std::exception& error) {
    return failed(kExitRunFailed, error.what());
  }
}

}  // namespace
}  // namespace kindred::host

int main(int argc, char** argv) {
  kindred::host::keep_freed_memory(kindred::host::kKeepAll);
  kindred::host::install_interrupt_handler();
  return kindred::host::guarded_main({argv + 1, argv + argc});
}
