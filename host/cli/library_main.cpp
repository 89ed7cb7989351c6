// What libkindred_engine.so and libkindred_tools.so begin with: the commands that compute. The program
// `host` loads the one that has the command, so that help, lists and inspection do not wait for LibTorch.
#include <string>
#include <vector>

#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/memory.hpp"
#include "host/base/running_call.hpp"
#include "host/cli/busy_machine.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/command_table.hpp"
#include "host/cli/guarded.hpp"
#include "host/model/tensor_memory.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

using Arguments = std::vector<std::string>;

int run_command(const Arguments& words) {
  const auto* command = find_command(words.at(0));
  if (command == nullptr) throw Error(kOtherBuild);
  CommandLine line(*command);
  if (!line.parse({words.begin() + 1, words.end()})) return kExitOk;
  return CommandBody::run(line);
}

}  // namespace
}  // namespace kindred::host

/// words[0] is the command's name. Returns the exit code; throws nothing.
extern "C" __attribute__((visibility("default"))) int kindred_library_main(int count,
                                                                           const char* const* words) {
  kindred::host::keep_freed_memory();
  kindred::host::keep_memory_of_tensors();
  kindred::host::install_interrupt_handler();
  kindred::host::install_crash_report();
  const kindred::host::BusyMachine waiting;
  return kindred::host::guarded([&] { return kindred::host::run_command({words, words + count}); });
}
