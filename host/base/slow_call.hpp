#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace kindred::host {

/// While it lives, a call is made that should be short: loading a plugin, making a component. After a while,
/// one line on stderr says what is being waited for, so that a plugin that hangs is known by its name.
class SlowCall {
 public:
  static constexpr std::chrono::milliseconds kUsualPatience{3000};

  /// `what` says what is waited for: "plugin X, phase load".
  explicit SlowCall(std::string what, std::chrono::milliseconds patience = kUsualPatience);
  ~SlowCall();

 private:
  void wait(std::chrono::milliseconds patience);

  std::string what_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kindred::host
