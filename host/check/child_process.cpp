#include "host/check/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "host/check/rule.hpp"
#include "host/loader/guarded_call.hpp"

namespace kindred::host {
namespace {

// A component that ends the process with 0 must not look like success.
constexpr int kDone = 86, kBroken = 1;

std::string remarked;  ///< by the work of this process

/// A pipe takes a sentence whole; nobody reads on after a failure here.
void tell(int out, const std::string& text) {
  if (::write(out, text.data(), std::min<size_t>(text.size(), 4000)) < 0) ::_exit(kBroken);
}

[[noreturn]] void child(const std::function<void()>& work, int out, Ending ending) {
  std::string text;
  try {
    remarked.clear();
    work();
    tell(out, remarked);
    if (ending == Ending::as_a_program) std::exit(kDone);
    ::_exit(kDone);
  } catch (const RuleBroken& broken) {
    text = broken.what();
  } catch (...) {
    try {
      rethrow_as_plugin_error("", "", "");
    } catch (const std::exception& error) {
      text = std::string("threw: ") + error.what();
    }
  }
  tell(out, text);
  ::_exit(kBroken);
}

/// Reads until the child closes its end. False when time ran out first.
bool read_all(int in, int seconds, std::string& text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd one{in, POLLIN, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char bytes[512];
    const auto count = ::read(in, bytes, sizeof(bytes));
    if (count <= 0) return true;
    text.append(bytes, static_cast<size_t>(count));
  }
}

}  // namespace

void remark(const std::string& text) { remarked = text; }

ChildOutcome run_in_child(const std::function<void()>& work, int seconds, Ending ending) {
  std::fflush(nullptr);  // or exit() would write it once more
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    ::close(ends[0]);
    child(work, ends[1], ending);
  }
  ::close(ends[1]);
  ChildOutcome outcome;
  const bool in_time = read_all(ends[0], seconds, outcome.text);
  ::close(ends[0]);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.succeeded = in_time && WIFEXITED(status) && WEXITSTATUS(status) == kDone;
  if (!in_time) {
    outcome.text = fmt::format("did not end within {} s", seconds);
  } else if (WIFSIGNALED(status)) {
    outcome.text = fmt::format("crashed: {}", ::strsignal(WTERMSIG(status)));
  } else if (!outcome.succeeded && outcome.text.empty()) {
    outcome.text = fmt::format("ended the process with status {}", WEXITSTATUS(status));
  }
  return outcome;
}

}  // namespace kindred::host
