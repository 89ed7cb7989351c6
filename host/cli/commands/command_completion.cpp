#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/completion/possible_words.hpp"

namespace kindred::host {
namespace {

int completion_command(const CommandLine& command) {
  const auto shell = command.list("SHELL").front();
  if (shell == "bash") {
    std::cout << bash_completion();
  } else if (shell == "zsh") {
    std::cout << zsh_completion();
  } else if (shell == "fish") {
    std::cout << fish_completion();
  } else {
    throw UsageError("there is no completion for the shell " + shell + "; there is for bash, zsh and fish");
  }
  return kExitOk;
}

const CommandBody kCompletion("completion", &completion_command);

}  // namespace
}  // namespace kindred::host
