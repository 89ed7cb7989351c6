#include "host/base/interrupt.hpp"

#include <csignal>

namespace kindred::host {
namespace {

volatile std::sig_atomic_t interrupt_count = 0;

void on_signal(int signal_number) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) {
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
  }
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool was_interrupted() { return interrupt_count > 0; }

}  // namespace kindred::host
