#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "kindred/io/file.hpp"
#include "library_command.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

struct HostResult {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out, error;
};

/// `host` with these arguments in `folder`, running until wait().
class HostProcess {
 public:
  HostProcess(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
              const std::string& input = "")
      : folder_(folder) {
    static int number = 0;
    stem_ = folder / ("process_" + std::to_string(number++));
    write_file_atomically(stem_ + ".in", input);
    if (is_library_command(arguments)) load_opencv();
    std::cout.flush();  // of what is not written yet a child would write a copy
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    if (::chdir(folder.path().c_str()) != 0) ::_exit(126);
    redirect(stem_ + ".in", O_RDONLY, 0);
    redirect(stem_ + ".out", O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(stem_ + ".err", O_WRONLY | O_CREAT | O_TRUNC, 2);
    become_command(arguments);
  }

  void interrupt() const { ::kill(pid_, SIGINT); }
  void pause() const { ::kill(pid_, SIGSTOP); }
  void go_on() const { ::kill(pid_, SIGCONT); }
  void kill() const { ::kill(pid_, SIGKILL); }

  HostResult wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(stem_ + ".out"),
            read_file(stem_ + ".err")};
  }

 private:
  const TemporaryFolder& folder_;
  std::string stem_;
  pid_t pid_ = 0;
};

inline HostResult run_host(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
                           const std::string& input = "") {
  return HostProcess(folder, arguments, input).wait();
}

}  // namespace kindred::testing
