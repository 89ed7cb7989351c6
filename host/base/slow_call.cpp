#include "host/base/slow_call.hpp"

#include <cstdio>
#include <utility>

namespace kindred::host {

SlowCall::SlowCall(std::string what, std::chrono::milliseconds patience)
    : what_(std::move(what)), thread_([this, patience] { wait(patience); }) {}

SlowCall::~SlowCall() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_over_ = true;
  }
  over_.notify_one();
  thread_.join();
}

void SlowCall::wait(std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (over_.wait_for(lock, patience, [this] { return is_over_; })) return;
  std::fprintf(stderr, "! %s: still busy after %.1f s; Ctrl-C twice ends this\n", what_.c_str(),
               std::chrono::duration<double>(patience).count());
}

}  // namespace kindred::host
