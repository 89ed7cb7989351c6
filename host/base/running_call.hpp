#pragma once

#include <cstdint>

namespace kindred::host {

/// While it lives, this thread runs code of a plugin. Should the process crash in it, the crash report names
/// the plugin, also when the thread's stack ran over. The texts must outlive the object. Nests: the innermost
/// call is named. [one thread]
class RunningCall {
 public:
  RunningCall(const char* plugin, const char* component, const char* phase);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

  void set_sample(int64_t index) { sample_ = index; }

 private:
  friend void report_crash(int signal_number);
  const char *plugin_, *component_, *phase_;
  int64_t sample_ = -1;
  RunningCall* outer_;
};

/// From now on, a signal that ends the process because of a fault (segmentation, bus, arithmetic, illegal
/// instruction, abort) first writes to stderr which plugin's code the thread was in. Signals that somebody
/// else handles already, as sanitizers do, are left alone.
void install_crash_report();

}  // namespace kindred::host
