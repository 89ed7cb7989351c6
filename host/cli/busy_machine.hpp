#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace kindred::host {

/// Watches whether other programs use processors that this one computes with, and lets its threads sleep
/// while they wait for each other as long as that is so.
///
/// Threads of GNU's OpenMP wait awake for about three milliseconds at the end of every loop. That is fastest
/// on an idle machine. Beside another program it costs many times what is computed, since the thread that is
/// waited for is often not running, and who waits takes the processor that it needs. OpenMP waits a moment
/// only and then sleeps when there are more threads in all its teams than processors; so a team more, which
/// does nothing, is kept as long as others need the machine.
///
/// Nothing happens where GOMP_SPINCOUNT or OMP_WAIT_POLICY say how threads wait, where LibTorch computes with
/// one thread, and where it brings another OpenMP.
class BusyMachine {
 public:
  BusyMachine();
  ~BusyMachine();
  BusyMachine(const BusyMachine&) = delete;
  BusyMachine& operator=(const BusyMachine&) = delete;

 private:
  void watch();
  void keep_more_threads();
  bool ended_within(double seconds);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ends_ = false, is_busy_ = false;
  std::thread watch_;
};

/// Says for people how threads wait for each other.
std::string waiting_text();

}  // namespace kindred::host
