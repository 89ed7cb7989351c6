#include "host/base/running_call.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>

namespace kindred::host {
namespace {

thread_local RunningCall* innermost = nullptr;

struct Fault {
  int signal_number;
  const char* name;
};
constexpr Fault kFaults[] = {{SIGSEGV, "segmentation fault"},
                             {SIGBUS, "bus error"},
                             {SIGFPE, "arithmetic fault"},
                             {SIGILL, "illegal instruction"},
                             {SIGABRT, "abort"}};

/// A text of bounded length made without malloc or locks, as a signal handler must.
class Line {
 public:
  void add(const char* text) {
    const auto length = std::min(std::strlen(text), sizeof(text_) - size_);
    std::memcpy(text_ + size_, text, length);
    size_ += length;
  }
  void add(int64_t number) {
    char digits[24] = {};
    std::to_chars(digits, digits + sizeof(digits) - 1, number);
    add(digits);
  }
  void add_part(const char* lead, const char* value) {
    if (*value == '\0') return;
    add(lead);
    add(value);
  }
  void write_out() const {
    size_t done = 0;
    while (done < size_) {
      const auto count = ::write(STDERR_FILENO, text_ + done, size_ - done);
      if (count <= 0) return;
      done += static_cast<size_t>(count);
    }
  }

 private:
  char text_[1024];
  size_t size_ = 0;
};

/// A stack that ran over cannot hold the handler's frame, so each thread has another one for it. One that
/// somebody else has set, as sanitizers do, stays.
class SignalStack {
 public:
  SignalStack() {
    stack_t present{};
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    memory_ = std::make_unique<char[]>(kSize);
    stack_t mine{};
    mine.ss_sp = memory_.get();
    mine.ss_size = kSize;
    sigaltstack(&mine, nullptr);
  }
  ~SignalStack() {
    stack_t present{};
    if (!memory_ || sigaltstack(nullptr, &present) != 0 || present.ss_sp != memory_.get()) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr size_t kSize = size_t{64} * 1024;
  std::unique_ptr<char[]> memory_;
};

void give_this_thread_a_signal_stack() { thread_local const SignalStack stack; }

}  // namespace

RunningCall::RunningCall(const char* plugin, const char* component, const char* phase)
    : plugin_(plugin), component_(component), phase_(phase), outer_(innermost) {
  give_this_thread_a_signal_stack();
  innermost = this;
}

RunningCall::~RunningCall() { innermost = outer_; }

void report_crash(int signal_number) {
  const char* name = "fault";
  for (const auto& fault : kFaults) {
    if (fault.signal_number == signal_number) name = fault.name;
  }
  Line line;
  line.add("error: ");
  if (const auto* call = innermost) {
    line.add_part("plugin ", call->plugin_);
    line.add_part(", component ", call->component_);
    line.add_part(", phase ", call->phase_);
    if (call->sample_ >= 0) {
      line.add(", sample ");
      line.add(call->sample_);
    }
    line.add(": its code crashed (");
  } else {
    line.add("the host crashed outside of any plugin (");
  }
  line.add(name);
  line.add("); cached rows and checkpoints written so far are kept\n");
  line.write_out();
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void install_crash_report() {
  give_this_thread_a_signal_stack();
  for (const auto& fault : kFaults) {
    struct sigaction present {};
    sigaction(fault.signal_number, nullptr, &present);
    if (present.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = report_crash;
    action.sa_flags = SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(fault.signal_number, &action, nullptr);
  }
}

}  // namespace kindred::host
