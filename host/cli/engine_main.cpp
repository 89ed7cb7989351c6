// libkindred_engine.so: the commands that compute. The program `host` loads it when one of them is asked for,
// so that help, lists and inspection do not wait for LibTorch.
#include <map>
#include <string>
#include <vector>

#include "host/base/interrupt.hpp"
#include "host/base/memory.hpp"
#include "host/base/running_call.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/guarded.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

using Arguments = std::vector<std::string>;

const std::map<std::string, int (*)(const Arguments&)> kCommands = {
    {"run", &command_run},     {"validate", &command_validate}, {"evaluate", &command_evaluate},
    {"embed", &command_embed}, {"doctor", &command_doctor},
};

int run_command(const Arguments& words) {
  const auto found = kCommands.find(words.at(0));
  if (found == kCommands.end()) {
    throw Error("the host and libkindred_engine.so are of different builds: install Kindred again");
  }
  return found->second({words.begin() + 1, words.end()});
}

}  // namespace
}  // namespace kindred::host

/// words[0] is the command's name. Returns the exit code; throws nothing.
extern "C" __attribute__((visibility("default"))) int kindred_engine_main(int count,
                                                                          const char* const* words) {
  kindred::host::keep_freed_memory(kindred::host::kKeepAll);
  kindred::host::install_interrupt_handler();
  kindred::host::install_crash_report();
  return kindred::host::guarded([&] { return kindred::host::run_command({words, words + count}); });
}
