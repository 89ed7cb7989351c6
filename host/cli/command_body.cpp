#include "host/cli/command_body.hpp"

#include <string>

#include "host/cli/command_line.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

const CommandBody* CommandBody::first_ = nullptr;

int CommandBody::run(const CommandLine& command) {
  const std::string name = command.command().name;
  for (const auto* one = first_; one != nullptr; one = one->next_) {
    if (name == one->name_) return one->run_(command);
  }
  throw Error(kOtherBuild);
}

}  // namespace kindred::host
