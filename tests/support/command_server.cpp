#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "library_command.hpp"

/// Runs commands of the host for tests that are no programs of C++. Each line of the standard input is one
/// command,
/// {"arguments": [...], "folder": ..., "out": FILE, "error": FILE, "environment": {...}}, and gets a line
/// with its exit code, or 128 and the signal. LibTorch is loaded once, and each command is a fork of this
/// process.
namespace kindred::testing {
namespace {
using nlohmann::json;

[[noreturn]] void child(const json& command) {
  ::clearenv();
  for (const auto& [name, value] : command["environment"].items())
    ::setenv(name.c_str(), value.get<std::string>().c_str(), 1);
  if (::chdir(command["folder"].get<std::string>().c_str()) != 0) ::_exit(126);
  redirect("/dev/null", O_RDONLY, 0);
  redirect(command["out"], O_WRONLY | O_CREAT | O_TRUNC, 1);
  redirect(command["error"], O_WRONLY | O_CREAT | O_TRUNC, 2);
  become_command(command["arguments"]);
}

int code_of(const json& command) {
  std::fflush(nullptr);
  const auto pid = ::fork();
  if (pid == 0) child(command);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace
}  // namespace kindred::testing

int main() {
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << kindred::testing::code_of(nlohmann::json::parse(line)) << std::endl;
}
