#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace kindred::host {

/// Lets several threads use one by one what works for a single one at a time. [thread-safe]
class Turns {
 public:
  enum class Where {
    calling_thread,
    /// One thread, which is there as long as this object. GNU's OpenMP keeps a team of threads for every
    /// thread that computes; with more of them than processors their members go to sleep at the end of each
    /// loop, and waking them takes a fifth of the time of a small network.
    own_thread,
  };

  explicit Turns(Where where = Where::calling_thread);
  ~Turns();
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// Calls `work` when nobody else's is under way, and returns after it. Throws what it throws. `work` may
  /// call run() again.
  void run(const std::function<void()>& work);

 private:
  void serve();

  std::recursive_mutex turn_;  ///< held for the whole of a turn
  std::mutex mutex_;           ///< of what follows
  std::condition_variable changed_;
  const std::function<void()>* work_ = nullptr;
  std::exception_ptr failure_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace kindred::host
