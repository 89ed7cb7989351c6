#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "library_command.hpp"

/// Runs commands of the host for tests that are no programs of C++. Each line of the standard input is one
/// command,
/// {"arguments": [...], "folder": ..., "out": FILE, "error": FILE, "environment": {...}}, and gets a line
/// with its exit code, or 128 and the signal. LibTorch is loaded once, and each command is a fork of this
/// process.
namespace kindred::testing {
namespace {
using nlohmann::json;

void redirect(const std::string& path, int descriptor) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(file, descriptor);
  ::close(file);
}

[[noreturn]] void child(const json& command) {
  ::clearenv();
  for (const auto& [name, value] : command["environment"].items())
    ::setenv(name.c_str(), value.get<std::string>().c_str(), 1);
  if (::chdir(command["folder"].get<std::string>().c_str()) != 0) ::_exit(126);
  const int none = ::open("/dev/null", O_RDONLY);
  ::dup2(none, 0);
  redirect(command["out"], 1);
  redirect(command["error"], 2);
  const std::vector<std::string> arguments = command["arguments"];
  if (is_library_command(arguments)) run_library_command(arguments);
  std::vector<char*> words = {const_cast<char*>(KINDRED_TEST_HOST)};
  for (const auto& one : arguments) words.push_back(const_cast<char*>(one.c_str()));
  words.push_back(nullptr);
  ::execv(KINDRED_TEST_HOST, words.data());
  ::_exit(127);
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
