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

using Clock = std::chrono::steady_clock;

/// A child at work.
struct Child {
  pid_t pid = -1;
  int in = -1;  ///< what it tells comes from here
  Clock::time_point end;
  std::string text;
  size_t place = 0;  ///< among those that are asked for
};

Child started(const std::function<void()>& work, int seconds, Ending ending, size_t place) {
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
  return {pid, ends[0], Clock::now() + std::chrono::seconds(seconds), "", place};
}

/// Reads what there is; false once the child has closed its end.
bool goes_on(Child& one) {
  char bytes[512];
  const auto count = ::read(one.in, bytes, sizeof(bytes));
  if (count > 0) one.text.append(bytes, static_cast<size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

ChildOutcome ended(const Child& one, bool in_time, int seconds) {
  ::close(one.in);
  if (!in_time) ::kill(one.pid, SIGKILL);
  int status = 0;
  while (::waitpid(one.pid, &status, 0) < 0 && errno == EINTR) {
  }
  ChildOutcome outcome{in_time && WIFEXITED(status) && WEXITSTATUS(status) == kDone, one.text};
  if (!in_time) {
    outcome.text = fmt::format("did not end within {} s", seconds);
  } else if (WIFSIGNALED(status)) {
    outcome.text = fmt::format("crashed: {}", ::strsignal(WTERMSIG(status)));
  } else if (!outcome.succeeded && outcome.text.empty()) {
    outcome.text = fmt::format("ended the process with status {}", WEXITSTATUS(status));
  }
  return outcome;
}

/// Waits until a child tells something, or the time of one is over. Each of the result says which may be
/// read.
std::vector<bool> told(const std::vector<Child>& running) {
  std::vector<pollfd> ends;
  auto first = running.front().end;
  for (const auto& one : running) {
    ends.push_back({one.in, POLLIN, 0});
    first = std::min(first, one.end);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
  ::poll(ends.data(), ends.size(), static_cast<int>(std::max<int64_t>(left, 0)));
  std::vector<bool> found;
  for (const auto& one : ends) found.push_back(one.revents != 0);
  return found;
}

}  // namespace

void remark(const std::string& text) { remarked = text; }

ChildOutcome run_in_child(const std::function<void()>& work, int seconds, Ending ending) {
  return run_in_children({work}, seconds, 1, ending).front();
}

std::vector<ChildOutcome> run_in_children(const std::vector<std::function<void()>>& works, int seconds,
                                          size_t at_once, Ending ending) {
  std::vector<ChildOutcome> outcomes(works.size());
  std::vector<Child> running;
  for (size_t next = 0; next < works.size() || !running.empty();) {
    if (next < works.size() && running.size() < std::max<size_t>(at_once, 1)) {
      running.push_back(started(works[next], seconds, ending, next));
      ++next;
      continue;
    }
    const auto readable = told(running);
    std::vector<Child> left;
    for (size_t i = 0; i < running.size(); ++i) {
      auto& one = running[i];
      const bool is_open = !readable[i] || goes_on(one), in_time = Clock::now() < one.end;
      if (is_open && in_time) {
        left.push_back(std::move(one));
      } else {
        outcomes[one.place] = ended(one, !is_open, seconds);
      }
    }
    running = std::move(left);
  }
  return outcomes;
}

}  // namespace kindred::host
