#pragma once

#include <stdexcept>

namespace kindred::host {

/// The work stopped where the user asked it to; everything finished so far was saved.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// First Ctrl-C (SIGINT) or SIGTERM: was_interrupted() turns true and the work stops after its step.
/// Second one: the process ends at once.
void install_interrupt_handler();

bool was_interrupted();  // [thread-safe]

}  // namespace kindred::host
